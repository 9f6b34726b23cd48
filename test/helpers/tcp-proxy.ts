import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What happens to a connection on which the watched text is sent. */
type Fate =
  /** The text never arrives, and the connection breaks. */
  | "cut before it arrives"
  /** It arrives, but no answer comes back any more, until `cut` is called. */
  | "hold the answer";

export interface TcpProxy {
  readonly port: number;
  /** Waits for the next connection on which a text is sent, and lets that happen to it. */
  watch(text: string, fate: Fate): Promise<void>;
  /** From now on nothing passes, either way and on no connection, but nothing breaks off: until `pass`. */
  hold(): void;
  /** From now on every connection breaks off, those that are begun too: until `pass`. */
  refuse(): void;
  /** Lets everything pass again, what was held up first. */
  pass(): void;
  /** Breaks all connections off, both ways; what a client hears is a close or a reset. */
  cut(how?: "close" | "reset"): void;
  close(): Promise<void>;
}

interface Watch {
  readonly text: Buffer;
  readonly fate: Fate;
  seen(): void;
}

/** Stands between a client and a server on this machine, and loses what a test wants to be lost. */
export const startTcpProxy = async (targetPort: number): Promise<TcpProxy> => {
  const sockets = new Set<Socket>();
  let holding = false;
  let refusing = false;
  let watched: Watch | undefined;

  const forward = (client: Socket): void => {
    if (refusing) {
      client.on("error", () => {}).resetAndDestroy();
      return;
    }
    const server = connect(targetPort, "127.0.0.1");
    let held = false;
    const breakOff = (): void => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", breakOff);
      socket.on("close", () => {
        sockets.delete(socket);
        breakOff();
      });
    }
    client.on("data", (data) => {
      const found = watched;
      if (found === undefined || !data.includes(found.text)) {
        server.write(data);
        return;
      }
      watched = undefined;
      held = true;
      if (found.fate === "cut before it arrives") breakOff();
      else server.write(data);
      found.seen();
    });
    server.on("data", (data) => {
      if (!held) client.write(data);
    });
    if (holding) for (const socket of [client, server]) socket.pause();
  };

  const listener = createServer(forward).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const cut = (how: "close" | "reset" = "close"): void => {
    for (const socket of sockets) {
      if (how === "reset") socket.resetAndDestroy();
      else socket.destroy();
    }
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    watch(text, fate) {
      const { promise, resolve } = Promise.withResolvers<void>();
      watched = { text: Buffer.from(text), fate, seen: resolve };
      return promise;
    },
    hold() {
      holding = true;
      for (const socket of sockets) socket.pause();
    },
    refuse() {
      refusing = true;
      cut();
    },
    pass() {
      holding = false;
      refusing = false;
      for (const socket of sockets) socket.resume();
    },
    cut,
    async close() {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
};
