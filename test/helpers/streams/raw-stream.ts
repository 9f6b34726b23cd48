import { connect, type Socket } from "node:net";

/** A client of an event stream that costs little more than its socket. */
export interface RawStream {
  /** The last id that it was told. */
  lastId(): string;
  /** Revisions of the changes that it was told, over all its connections. */
  readonly changes: readonly number[];
  /** Anything but changes: `reset`, `close`. */
  readonly others: readonly string[];
  /** Connects, again and again until it is admitted; resolves with the first id. */
  open(): Promise<void>;
  /** Breaks the connection off, as a network does that fails. */
  cut(): void;
}

const retryMs = 100;

/** @param path with its query; what is told is only looked at as far as a test needs it */
export const createRawStream = (url: string, path: string, key: string): RawStream => {
  const { hostname, port } = new URL(url);
  const changes: number[] = [];
  const others: string[] = [];
  let lastId = "";
  let socket: Socket | undefined;

  const take = (block: string): void => {
    const id = /^id: (.*)$/m.exec(block)?.[1];
    if (id === undefined) return;
    lastId = id;
    const event = /^event: (.*)$/m.exec(block)?.[1];
    if (event === "change") changes.push(Number(id.split("-")[1]));
    else if (event !== undefined) others.push(event);
  };

  const tryOnce = (): Promise<boolean> => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const opening = connect({ host: hostname, port: Number(port) });
    let pending = "";
    let isOpen = false;
    socket = opening;
    // Without chunks, as HTTP 1.0 is answered.
    const resume = lastId === "" ? "" : `Last-Event-ID: ${lastId}\r\n`;
    opening.write(
      `GET ${path} HTTP/1.0\r\nHost: ${hostname}\r\nX-API-Key: ${key}\r\n${resume}\r\n`,
    );
    opening.setEncoding("latin1").on("data", (text: string) => {
      const parts = (pending + text).split(isOpen ? "\n\n" : "\r\n\r\n");
      pending = parts.pop() ?? "";
      if (!isOpen && parts.length > 0) {
        isOpen = parts[0]?.includes(" 200 ") ?? false;
        if (!isOpen) {
          opening.destroy();
          return;
        }
        const blocks = pending.split("\n\n");
        pending = blocks.pop() ?? "";
        parts.splice(0, 1, ...blocks);
      }
      for (const block of parts) take(block);
      if (isOpen && lastId !== "") resolve(true);
    });
    opening.on("error", () => opening.destroy());
    opening.on("close", () => resolve(false));
    return promise;
  };

  return {
    lastId: () => lastId,
    changes,
    others,
    async open() {
      while (!(await tryOnce())) await new Promise((resume) => setTimeout(resume, retryMs));
    },
    cut: () => void socket?.resetAndDestroy(),
  };
};
