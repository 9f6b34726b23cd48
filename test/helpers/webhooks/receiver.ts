import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Received {
  /** The delivery's, the same on every attempt. */
  readonly id: string;
  readonly body: string;
  answer(status: number): void;
}

interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Waits until so many requests have arrived. */
  arrives(count: number): Promise<Received>;
  /** From now on every request is answered at once. */
  answerAll(status: number): void;
  stop(): Promise<void>;
}

/** Somebody who is called by webhooks, and answers when the test says so. */
export const startReceiver = async (): Promise<Receiver> => {
  const received: Received[] = [];
  const news = new EventEmitter();
  let always: number | undefined;
  const answer = (res: ServerResponse, status: number): void => {
    if (!res.writableEnded) res.writeHead(status).end();
  };
  const server = createServer((req, res) => {
    let body = "";
    req.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    req.on("end", () => {
      const id = String(req.headers["webhook-id"]);
      received.push({ id, body, answer: (status) => answer(res, status) });
      if (always !== undefined) answer(res, always);
      news.emit("news");
    });
    res.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    async arrives(count) {
      while (received.length < count) await once(news, "news");
      return received[count - 1] as Received;
    },
    answerAll(status) {
      always = status;
      for (const one of received) one.answer(status);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
