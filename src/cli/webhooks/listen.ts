import { printLine, printRemark } from "../print.ts";
import { printableJson } from "../printable.ts";
import type { Session } from "../session.ts";
import { printArrival } from "./print-arrival.ts";
import { type Arrival, startReceiver } from "./start-receiver.ts";
import { createTemporaryWebhook, deleteTemporaryWebhook } from "./temporary-webhook.ts";
import { parseSecret, signatureError } from "./verify-delivery.ts";

interface ListenInput {
  readonly port: number;
  /** What signatures are verified with; without any, and without a webhook of its own, none are. */
  readonly secrets: readonly Uint8Array[];
  /** What to answer with in place of 200. */
  readonly failWith: number | undefined;
  /** After how many deliveries it ends by itself. */
  readonly count: number;
  /** Members of a webhook to make for as long as this lasts. */
  readonly webhook: object | undefined;
}

/** Receives deliveries and prints them until there were enough, or it is told to stop. */
export const listen = async (session: Session, input: ListenInput): Promise<void> => {
  const ended = Promise.withResolvers<void>();
  const undoOnStop = session.io.onStop?.(() => ended.resolve());
  const secrets = [...input.secrets];
  const receive = createReceive(session, { ...input, secrets }, ended.resolve);
  try {
    const receiver = await startReceiver({ port: input.port, receive });
    try {
      await whileListening(session, receiver.url, input.webhook, {
        onSecret: (secret) => secrets.push(secret),
        ended: ended.promise,
      });
    } finally {
      await receiver.close();
    }
  } finally {
    undoOnStop?.();
  }
};

/** What is done with each delivery; when there were enough, the others are told to come again. */
const createReceive = (
  session: Session,
  { count, failWith, secrets }: ListenInput,
  end: () => void,
): ((arrival: Arrival) => number) => {
  const seen = new Set<string>();
  let arrived = 0;
  return ({ body, headers }) => {
    if (arrived >= count) return 503;
    arrived += 1;
    const nowMs = (session.io.now ?? Date.now)();
    const isChecked = secrets.length > 0;
    const reason = isChecked ? signatureError({ headers, body, secrets, nowMs }) : undefined;
    const answered = reason === undefined ? (failWith ?? 200) : 401;
    const { "webhook-id": given } = headers;
    const id = typeof given === "string" ? given : null;
    printArrival(session, {
      id,
      receivedAt: new Date(nowMs).toISOString(),
      verified: isChecked ? reason === undefined : null,
      reason: reason ?? null,
      repeated: id !== null && seen.has(id),
      answered,
      body,
    });
    if (id !== null) seen.add(id);
    if (arrived === count) end();
    return answered;
  };
};

interface While {
  readonly onSecret: (secret: Uint8Array) => void;
  readonly ended: Promise<void>;
}

/** Has a webhook of its own for as long as it lasts, if one is wanted. */
const whileListening = async (
  session: Session,
  url: string,
  members: object | undefined,
  { ended, onSecret }: While,
): Promise<void> => {
  if (members === undefined) {
    announce(session, url, null);
    return ended;
  }
  const { id, secret } = await createTemporaryWebhook(session, url, members);
  try {
    onSecret(parseSecret(secret));
    announce(session, url, id);
    await ended;
  } finally {
    await deleteTemporaryWebhook(session, id);
  }
};

const announce = (session: Session, url: string, webhookId: string | null): void => {
  if (session.json) {
    session.io.stdout.write(`${printableJson({ event: "listening", url, webhookId })}\n`);
    return;
  }
  printLine(session, `Listening on ${url}`);
  if (webhookId === null) return;
  printRemark(session, `The webhook ${webhookId} sends to it, until this ends.`);
  printRemark(session, `\`fairlead webhooks test ${webhookId}\` sends a test event.`);
};
