import { Redis } from "@upstash/redis";
import type { RedisCommands } from "./redis-commands.ts";

interface UpstashOptions {
  readonly url: string;
  readonly token: string;
}

const requestTimeoutMs = 10_000;

/** Redis over HTTP, as Upstash offers it. */
export const connectUpstash = ({ token, url }: UpstashOptions): RedisCommands => {
  const redis = new Redis({
    url,
    token,
    automaticDeserialization: false,
    enableTelemetry: false,
    // Whoever asks repeats what failed, and knows whether it may be repeated.
    retry: false,
    signal: () => AbortSignal.timeout(requestTimeoutMs),
  });
  return {
    // As Redis answers it, since nothing is deserialised; the client's type tells of the object that it
    // would be.
    hashGet: (key, fields) =>
      run(async () => (await redis.hmget(key, ...fields)) as unknown as (string | null)[]),
    hashSet: (key, fields) => run(async () => void (await redis.hset(key, { ...fields }))),
    hashKeys: (key) => run(() => redis.hkeys(key)),
    hashDelete: (key, fields) => run(async () => void (await redis.hdel(key, ...fields))),
    expire: (key, seconds) => run(async () => void (await redis.expire(key, seconds))),
    evaluate: (script, keys, parameters) =>
      run(() => redis.eval(script, [...keys], [...parameters])),
    scan: (cursor, prefix) =>
      run(async () => {
        const [next, keys] = await redis.scan(cursor, { match: `${prefix}*`, count: 1_000 });
        return { cursor: next, keys };
      }),
    unlink: (keys) => run(async () => void (await redis.unlink(...keys))),
    close: async () => {},
    requestLength: 256 * 1024,
  };
};

/** The client's errors quote the whole command, and with it values that belong in no log. */
const run = async <Result>(command: () => Promise<Result>): Promise<Result> => {
  try {
    return await command();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [said = ""] = message.split(", command was: ");
    // Not as its cause: that would bring the command along.
    // oxlint-disable-next-line preserve-caught-error
    throw new Error(`Upstash: ${said.slice(0, 200)}`);
  }
};
