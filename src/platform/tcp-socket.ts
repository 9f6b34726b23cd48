import { connect, type Socket } from "node:net";

/** What of the driver's options says where PostgreSQL is. */
interface Target {
  readonly host: string | readonly string[];
  readonly port: number | readonly number[];
  readonly path?: string | false | undefined;
}

const connectTimeoutMs = 5_000;

/** Connects to PostgreSQL over TCP, or by the path of a unix socket; fails after five seconds. */
export const connectTcp = ({ host, path, port }: Target): Promise<Socket> => {
  const { promise, reject, resolve } = Promise.withResolvers<Socket>();
  const socket =
    typeof path === "string" && path !== ""
      ? connect(path)
      : connect({ host: first(host), port: first(port), noDelay: true });
  const timer = setTimeout(() => {
    socket.destroy();
    reject(Object.assign(new Error("connecting took too long"), { code: "CONNECT_TIMEOUT" }));
  }, connectTimeoutMs);
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    resolve(socket);
  });
  return promise.finally(() => clearTimeout(timer));
};

const first = <Item>(value: Item | readonly Item[]): Item =>
  (Array.isArray(value) ? value[0] : value) as Item;
