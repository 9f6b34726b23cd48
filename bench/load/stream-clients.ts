/** Holds the connections of event streams, and tells when an event has come to the last of them. */
import { connect, type Socket } from "node:net";

export interface StreamOrder {
  /** Opens so many connections more. */
  readonly open?: { readonly port: number; readonly request: string; readonly count: number };
  readonly closeAll?: true;
}

/** When an event came to the first connection and to the last, on the clock that processes share. */
export interface StreamNews {
  readonly opened?: number;
  readonly event?: { readonly firstNs: string; readonly lastNs: string };
}

const sockets = new Set<Socket>();
const buffer = Buffer.allocUnsafe(65_536);
const success = Buffer.from("HTTP/1.1 200 OK\r\n");
const marker = Buffer.from("\ndata: ");
let reached = 0;
let firstNs = 0n;

const say = (news: StreamNews): void => void process.send?.(news);

const countEvent = (): void => {
  reached += 1;
  const nowNs = process.hrtime.bigint();
  if (reached === 1) firstNs = nowNs;
  if (reached < sockets.size) return;
  reached = 0;
  say({ event: { firstNs: String(firstNs), lastNs: String(nowNs) } });
};

const openOne = (port: number, request: string): Promise<void> =>
  new Promise((opened, failed) => {
    let isOpen = false;
    const take = (size: number, chunk: Uint8Array): boolean => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, size);
      if (!isOpen) {
        isOpen = true;
        if (bytes.includes(success)) opened();
        else failed(new Error(bytes.toString()));
      }
      if (bytes.includes(marker)) countEvent();
      return true;
    };
    const socket = connect({ port, host: "127.0.0.1", onread: { buffer, callback: take } });
    socket.once("error", failed);
    socket.once("close", () => {
      // Nobody would wait for the last event in vain.
      if (sockets.has(socket)) throw new Error("the server closed a stream");
    });
    socket.once("connect", () => socket.write(request));
    sockets.add(socket);
  });

const obey = async ({ closeAll, open }: StreamOrder): Promise<void> => {
  if (closeAll === true) {
    const all = [...sockets];
    sockets.clear();
    for (const socket of all) socket.destroy();
    say({ opened: 0 });
  }
  if (open === undefined) return;
  for (let left = open.count; left > 0; left -= 250) {
    const some = Array.from({ length: Math.min(left, 250) }, () =>
      openOne(open.port, open.request),
    );
    await Promise.all(some);
  }
  say({ opened: sockets.size });
};

process.on("message", (order: StreamOrder) => void obey(order));
