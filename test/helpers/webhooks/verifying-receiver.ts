import { EventEmitter, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

/** A CloudEvent, as far as tests look at it. */
interface ReceivedEvent {
  readonly type: string;
  readonly data: {
    readonly revision?: number;
    readonly webhookId?: string;
    readonly changes?: readonly { readonly key: string; readonly after?: unknown }[];
  };
}

export interface VerifiedDelivery {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event: ReceivedEvent;
  /** Which of the secrets verify it. */
  readonly secrets: readonly string[];
  readonly answered: number;
}

export interface VerifyingReceiver {
  readonly url: string;
  readonly deliveries: readonly VerifiedDelivery[];
  /** What no secret verified: it was answered with 401. */
  readonly refused: readonly string[];
  /** Takes deliveries that this secret verifies, too. */
  trust(secret: string): void;
  /** From now on, what is verified is answered so. */
  answer(status: number): void;
  /** Waits for the first delivery that matches. */
  arrives(matches: (delivery: VerifiedDelivery) => boolean): Promise<VerifiedDelivery>;
  stop(): Promise<void>;
}

/** Whether the `standardwebhooks` library takes a delivery for one that was signed with a secret. */
export const isVerified = (
  secret: string,
  { body, headers }: Pick<VerifiedDelivery, "body" | "headers">,
): boolean => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

/** Somebody who is called by webhooks, and takes nothing that is not signed as it should be. */
export const startVerifyingReceiver = async (): Promise<VerifyingReceiver> => {
  const deliveries: VerifiedDelivery[] = [];
  const refused: string[] = [];
  const trusted = new Set<string>();
  const news = new EventEmitter();
  let status = 200;
  const take = (headers: Readonly<Record<string, string>>, body: string): number => {
    const secrets = [...trusted].filter((secret) => isVerified(secret, { body, headers }));
    if (secrets.length === 0) {
      refused.push(body);
      return 401;
    }
    const id = headers["webhook-id"] ?? "";
    const event = JSON.parse(body) as ReceivedEvent;
    deliveries.push({ id, headers, body, event, secrets, answered: status });
    return status;
  };
  const answerOne = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await text(req);
    res.writeHead(take(req.headers as Record<string, string>, body)).end();
    news.emit("news");
  };
  const server = createServer((req, res) => void answerOne(req, res));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    deliveries,
    refused,
    trust: (secret) => void trusted.add(secret),
    answer(next) {
      status = next;
    },
    async arrives(matches) {
      for (;;) {
        const found = deliveries.find(matches);
        if (found !== undefined) return found;
        await once(news, "news");
      }
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
