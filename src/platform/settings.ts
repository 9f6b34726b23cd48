import { z } from "zod";
import { Problem } from "../errors.ts";
import { edgeUrls } from "./edge-urls.ts";
import { networks } from "./networks.ts";
import { origins } from "./origins.ts";
import { ports } from "./ports.ts";

const count = (fallback: number, most: number) =>
  z.coerce.number().int().min(1).max(most).default(fallback);

const databaseUrl = z.url({ protocol: /^postgres(ql)?$/ });

const databaseUrls = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .refine(
    (urls) => urls.every((url) => databaseUrl.safeParse(url).success),
    "must be postgres: URLs with commas between",
  );

/** Redis, or Upstash over HTTP; plain HTTP only where it does not leave the machine. */
const cacheUrl = z
  .url({ protocol: /^(rediss?|https?)$/ })
  .refine(
    (url) =>
      !url.startsWith("http:") || /^(127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(url).hostname),
    "must be https: beyond this machine",
  );

const environmentSchema = z
  .object({
    HOST: z.string().min(1).default("127.0.0.1"),
    PORT: z.coerce.number().int().min(0).max(65_535).default(8787),
    DATABASE_URL: databaseUrl.optional(),
    DATA_DIR: z.string().min(1).default(".fairlead"),
    BOOTSTRAP_ADMIN_KEY: z.string().min(16, "must have at least 16 characters").optional(),
    LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
    PUBLIC_URL: z.url().optional(),
    DATABASE_POOL_SIZE: count(20, 1000),
    DATABASE_QUEUE_SIZE: count(1_000, 100_000),
    DATABASE_REPLICA_URLS: databaseUrls.optional(),
    MAX_BODY_BYTES: count(16 * 1024 * 1024, 256 * 1024 * 1024),
    MAX_VALUE_BYTES: count(256 * 1024, 16 * 1024 * 1024),
    MAX_VALUE_DEPTH: count(32, 64),
    MAX_OPERATIONS: count(10_000, 100_000),
    MAX_LAYER_KEYS: count(100_000, 1_000_000),
    MAX_EFFECTIVE_CHANGES: count(500, 10_000),
    MAX_HEADER_BYTES: z.coerce.number().int().min(4_096).max(65_536).default(16_384),
    CORS_ALLOWED_ORIGINS: origins.optional(),
    TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
    AUTH_STALENESS_MS: z.coerce.number().int().min(2_000).max(86_400_000).default(300_000),
    MAX_STALENESS_MS: z.coerce.number().int().min(1_000).max(86_400_000).default(10_000),
    MAX_LAYER_MEMORY_BYTES: count(512 * 1024 * 1024, 1024 ** 4),
    STREAM_WINDOW_DAYS: count(7, 365),
    LAYER_CACHE_URL: cacheUrl.optional(),
    LAYER_CACHE_TOKEN: z.string().min(1).optional(),
    EDGE_URLS: edgeUrls.optional(),
    EDGE_PUBLISH_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
    ORIGIN_URL: z.url({ protocol: /^https?$/ }).optional(),
    MAX_STREAMS: count(20_000, 1_000_000),
    MAX_STREAMS_PER_KEY: count(10_000, 1_000_000),
    MAX_SPECS_PER_RUNTIME: count(1_000, 100_000),
    WEBHOOK_ALLOW_PRIVATE: networks.optional(),
    WEBHOOK_PORTS: ports.default([443, 8443]),
    WEBHOOK_CONCURRENCY: count(64, 10_000),
    WEBHOOK_CONCURRENCY_PER_ENDPOINT: count(8, 1_000),
    WEBHOOK_RETENTION_DAYS: count(30, 3_650),
  })
  .refine(
    (given) =>
      !(given.LAYER_CACHE_URL ?? "").startsWith("http") || given.LAYER_CACHE_TOKEN !== undefined,
    { path: ["LAYER_CACHE_TOKEN"], message: "is needed with a LAYER_CACHE_URL of http" },
  )
  .refine((given) => given.EDGE_URLS === undefined || given.EDGE_PUBLISH_SECRET !== undefined, {
    path: ["EDGE_PUBLISH_SECRET"],
    message: "is needed with EDGE_URLS",
  });

const membersOf = (data: z.infer<typeof environmentSchema>) => ({
  host: data.HOST,
  port: data.PORT,
  databaseUrl: data.DATABASE_URL,
  dataDir: data.DATA_DIR,
  bootstrapAdminKey: data.BOOTSTRAP_ADMIN_KEY,
  logLevel: data.LOG_LEVEL,
  publicUrl: data.PUBLIC_URL,
  databasePoolSize: data.DATABASE_POOL_SIZE,
  databaseQueueSize: data.DATABASE_QUEUE_SIZE,
  databaseReplicaUrls: data.DATABASE_REPLICA_URLS,
  maxBodyBytes: data.MAX_BODY_BYTES,
  maxValueBytes: data.MAX_VALUE_BYTES,
  maxValueDepth: data.MAX_VALUE_DEPTH,
  maxOperations: data.MAX_OPERATIONS,
  maxLayerKeys: data.MAX_LAYER_KEYS,
  maxEffectiveChanges: data.MAX_EFFECTIVE_CHANGES,
  maxHeaderBytes: data.MAX_HEADER_BYTES,
  corsAllowedOrigins: data.CORS_ALLOWED_ORIGINS,
  trustedProxies: data.TRUSTED_PROXIES,
  authStalenessMs: data.AUTH_STALENESS_MS,
  maxStalenessMs: data.MAX_STALENESS_MS,
  maxLayerMemoryBytes: data.MAX_LAYER_MEMORY_BYTES,
  streamWindowDays: data.STREAM_WINDOW_DAYS,
  layerCacheUrl: data.LAYER_CACHE_URL,
  layerCacheToken: data.LAYER_CACHE_TOKEN,
  edgeUrls: data.EDGE_URLS,
  edgePublishSecret: data.EDGE_PUBLISH_SECRET,
  originUrl: data.ORIGIN_URL,
  maxStreams: data.MAX_STREAMS,
  maxStreamsPerKey: data.MAX_STREAMS_PER_KEY,
  maxSpecsPerRuntime: data.MAX_SPECS_PER_RUNTIME,
  webhookAllowPrivate: data.WEBHOOK_ALLOW_PRIVATE,
  webhookPorts: data.WEBHOOK_PORTS,
  webhookConcurrency: data.WEBHOOK_CONCURRENCY,
  webhookConcurrencyPerEndpoint: data.WEBHOOK_CONCURRENCY_PER_ENDPOINT,
  webhookRetentionDays: data.WEBHOOK_RETENTION_DAYS,
});

/** What an operator can set; docs/operations.md has the table. Parsed once, in `entry/`. */
export type Settings = ReturnType<typeof parseSettings>;

/**
 * Parses environment variables; an empty one counts as absent.
 *
 * @throws Problem `INVALID_INPUT` that names every wrong variable, without its value.
 */
export const parseSettings = (environment: Readonly<Record<string, unknown>>) => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => typeof value === "string" && value !== ""),
  );
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      path: path.join("."),
      message,
    }));
    const detail = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
    throw new Problem("INVALID_INPUT", `The settings are not valid: ${detail}`, { errors });
  }
  return membersOf(parsed.data);
};
