import postgres from "postgres";
import { Problem } from "../errors.ts";

export type Sql = postgres.Sql<{ revision: number; timestamp: string }>;
/** A transaction, or anything else that queries can run on. */
export type Tx = postgres.TransactionSql<{ revision: number; timestamp: string }>;

interface SqlOptions {
  /** Size of the connection pool. */
  readonly max: number;
  /** Off behind a pooler that does not keep prepared statements. */
  readonly prepare?: boolean;
  readonly connectTimeoutSeconds?: number;
  /**
   * For processes that keep their connections: poolers in between must let the start-up parameters
   * of `longLivedParameters` pass.
   */
  readonly longLived?: boolean;
  readonly name?: string;
  /**
   * Where the runtime has TCP of its own. A handle with it learns of a connection's error before the
   * driver does, which would give a dying connection one more statement and never answer it.
   */
  readonly createSocket?: CreateSocket;
}

/** Gives a connected socket, or fails. */
type CreateSocket = (target: {
  readonly host: string[];
  readonly port: number[];
  readonly path?: string | false;
}) => Promise<{ once(event: "error", listener: () => void): unknown }>;

/**
 * A plan is kept as long as its connection: one that was made while a table was empty would scan it
 * for ever after, so look-ups go by index from the start.
 */
const longLivedParameters = {
  statement_timeout: 120_000,
  enable_seqscan: "off",
  jit: "off",
  plan_cache_mode: "force_generic_plan",
};

/** `2026-11-20 18:31:00.123456+00` → `2026-11-20T18:31:00.123456Z` */
const toRfc3339 = (text: string): string => text.replace(" ", "T").replace(/\+00(:00)?$/, "Z");

/**
 * The SQL handle of every runtime. `bigint` becomes a number (revisions and versions stay far below
 * 2^53), `timestamptz` an RFC 3339 string in UTC with PostgreSQL's microseconds.
 */
export const connectSql = (url: string, options: SqlOptions): Sql =>
  renewedWhenLost((onclose) => openPool(url, options, onclose));

const openPool = (url: string, options: SqlOptions, onclose: () => void): Sql =>
  postgres(url, {
    onclose,
    ...(options.createSocket === undefined
      ? {}
      : { socket: watched(options.createSocket, onclose) }),
    max: options.max,
    prepare: options.prepare ?? true,
    connect_timeout: options.connectTimeoutSeconds ?? 5,
    fetch_types: false,
    // A hint "relation exists, skipping" is no news.
    onnotice: () => {},
    connection: {
      application_name: options.name ?? "fairlead",
      TimeZone: "UTC",
      ...(options.longLived === true ? longLivedParameters : {}),
    },
    types: {
      revision: { to: 20, from: [20], serialize: String, parse: Number },
      timestamp: { to: 1184, from: [1184], serialize: String, parse: toRfc3339 },
    },
  });

/** A socket factory that tells of every failure at once; the driver's types do not know the option. */
const watched = (createSocket: CreateSocket, onclose: () => void): never => {
  const create = async (target: Parameters<CreateSocket>[0]): Promise<unknown> => {
    try {
      const socket = await createSocket(target);
      socket.once("error", onclose);
      return socket;
    } catch (error) {
      onclose();
      throw error;
    }
  };
  return create as never;
};

/** Long enough for what runs on the connections that a lost one leaves behind. */
const retirementSeconds = 60;

/**
 * A handle whose pool is replaced as soon as one of its connections closes. postgres.js 3.4.9 keeps a
 * closed connection's unsent bytes, its last error and its waiting time, so the next statement on it
 * fails likewise, hangs until the connect timeout, or waits up to 20 s; a new pool knows nothing.
 */
const renewedWhenLost = (open: (onclose: () => void) => Sql): Sql => {
  let ended = false;
  const replace = (pool: Sql): void => {
    if (ended || pool !== current) return;
    current = openNext();
    void pool.end({ timeout: retirementSeconds });
  };
  const openNext = (): Sql => {
    const pool = open(() => replace(pool));
    return pool;
  };
  let current = openNext();
  return new Proxy(current, {
    apply: (_pool, _this, parameters: Parameters<Sql>) => current(...parameters),
    get: (_pool, name) => {
      if (name === replacement) return () => replace(current);
      if (name === "end") ended = true;
      return Reflect.get(current, name) as unknown;
    },
  });
};

const replacement = Symbol("replacement");

/**
 * Gives a handle new connections, for when it is known that one of the old ones does not answer: all of
 * them may be of that kind, and none would ever be free again. What still runs on them has a minute.
 */
export const replacePool = (sql: Sql): void => {
  (Reflect.get(sql, replacement) as () => void)();
};

const connectionErrors = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "EAI_AGAIN",
]);

/** True where the error ended the connection: ours to the server, or the server's word that it goes. */
export const isConnectionLost = (error: unknown): boolean => {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  if (connectionErrors.has(String(error.code))) return true;
  return "severity" in error && (error.severity === "FATAL" || error.severity === "PANIC");
};

/**
 * True where PostgreSQL cannot be reached, is stopping, starting, out of resources or read-only, so
 * that the same request may pass later: lost connections, classes 08, 53, 57P and 25006 of
 * PostgreSQL's error codes, and what was said to be so already.
 */
export const isUnavailable = (error: unknown): boolean =>
  (error instanceof Problem && error.code === "UNAVAILABLE") ||
  isConnectionLost(error) ||
  (error instanceof Error && "code" in error && /^(08|53|57P|25006)/.test(String(error.code)));

/** The problem that a failed database call becomes, with the cause for the log. */
export const unavailable = (cause: unknown): Problem =>
  cause instanceof Problem
    ? cause
    : new Problem(
        "UNAVAILABLE",
        "The database cannot be reached. A change is committed as a whole or not at all: repeat it with the same Idempotency-Key, or read the history before you repeat it without one.",
        { cause, headers: { "retry-after": "1" } },
      );
