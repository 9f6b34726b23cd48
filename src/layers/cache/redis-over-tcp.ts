import { createClient } from "redis";
import type { RedisCommands } from "./redis-commands.ts";

type Client = ReturnType<typeof openClient>;

const connectTimeoutMs = 3_000;
const commandTimeoutMs = 5_000;

const openClient = (url: string) =>
  createClient({
    url,
    // A lost connection fails what waits for it; the next command opens another one.
    socket: { connectTimeout: connectTimeoutMs, reconnectStrategy: false },
    disableOfflineQueue: true,
    name: "fairlead",
  });

interface Connection {
  readonly client: Client;
  readonly ready: Promise<unknown>;
}

const openConnection = (url: string): Connection => {
  const client = openClient(url);
  // What failed is told to whoever waits for an answer.
  client.on("error", () => {});
  return { client, ready: client.connect() };
};

/** Also where it is still being made. */
const end = ({ client, ready }: Connection): void => {
  ready.catch(() => {});
  try {
    client.destroy();
  } catch {
    // It has ended by itself.
  }
};

/** Redis over TCP, or TLS with `rediss:`. A connection that fails or does not answer is replaced. */
export const connectRedis = (url: string): RedisCommands => {
  let connection: Connection | undefined;
  let isClosed = false;

  const run = async <Result>(command: (client: Client) => Promise<Result>): Promise<Result> => {
    if (isClosed) throw new Error("the cache is closed");
    const used = (connection ??= openConnection(url));
    try {
      return await withTimeout(used.ready.then(() => command(used.client)));
    } catch (error) {
      if (connection === used) connection = undefined;
      end(used);
      throw error;
    }
  };

  return {
    hashGet: (key, fields) => run((client) => client.hmGet(key, [...fields])),
    hashSet: (key, fields) => run(async (client) => void (await client.hSet(key, { ...fields }))),
    hashKeys: (key) => run((client) => client.hKeys(key)),
    hashDelete: (key, fields) => run(async (client) => void (await client.hDel(key, [...fields]))),
    expire: (key, seconds) => run(async (client) => void (await client.expire(key, seconds))),
    evaluate: (script, keys, parameters) =>
      run((client) => client.eval(script, { keys: [...keys], arguments: [...parameters] })),
    scan: (cursor, prefix) =>
      run((client) => client.scan(cursor, { MATCH: `${prefix}*`, COUNT: 1_000 })),
    unlink: (keys) => run(async (client) => void (await client.unlink([...keys]))),
    async close() {
      isClosed = true;
      if (connection !== undefined) end(connection);
    },
    requestLength: 8 * 1024 * 1024,
  };
};

/** The client's own timeout holds only for what it has not sent yet. */
const withTimeout = async <Result>(waiting: Promise<Result>): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = () => reject(new Error(`Redis did not answer within ${commandTimeoutMs} ms`));
  const timer = setTimeout(late, commandTimeoutMs);
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    clearTimeout(timer);
  }
};
