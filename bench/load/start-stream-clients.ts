import { join } from "node:path";
import { startChild } from "../peers/child.ts";
import type { StartOptions } from "../peers/system.ts";
import type { StreamNews, StreamOrder } from "./stream-clients.ts";

interface StreamTarget {
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly apiKey?: string;
}

/** Connections of event streams in a process of their own. */
export interface StreamClients {
  /** Opens so many more, and waits until each has got something. */
  readonly open: (target: StreamTarget, count: number) => Promise<void>;
  /** Waits for the next event that comes to all of them. */
  readonly nextEvent: () => Promise<{ readonly firstNs: bigint; readonly lastNs: bigint }>;
  readonly closeAll: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function startStreamClients(options: StartOptions): StreamClients {
  const child = startChild({
    command: [process.execPath, join(import.meta.dirname, "stream-clients.ts")],
    log: join(options.directory, "stream-clients.log"),
    cores: options.cores,
    channel: true,
  });
  const hear = (): Promise<StreamNews> =>
    new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the stream clients ended:\n${child.tail()}`));
      child.process.once("exit", ended);
      child.process.once("message", (news: StreamNews) => {
        child.process.off("exit", ended);
        resolve(news);
      });
    });
  const order = async (what: StreamOrder): Promise<void> => {
    const news = hear();
    child.process.send(what);
    if ((await news).opened === undefined) throw new Error("an event came where none was due");
  };
  return {
    open: ({ apiKey, path, port }, count) => {
      const key = apiKey === undefined ? "" : `\r\nAuthorization: Bearer ${apiKey}`;
      const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}${key}\r\n\r\n`;
      return order({ open: { port, request, count } });
    },
    async nextEvent() {
      const { event } = await hear();
      if (event === undefined) throw new Error("no event came where one was due");
      return { firstNs: BigInt(event.firstNs), lastNs: BigInt(event.lastNs) };
    },
    closeAll: () => order({ closeAll: true }),
    stop: child.stop,
  };
}
