import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { followAccess } from "../access/follow-access.ts";
import type { Deps } from "../context.ts";
import { followJobSpecs } from "../job-specs/stream/follow-job-specs.ts";
import { createReplicas, type Replicas } from "../layers/replicas.ts";
import { guardSql } from "../platform/guard-sql.ts";
import { describeError, type Logger } from "../platform/log.ts";
import type { Metrics } from "../platform/metrics.ts";
import { migrate } from "../platform/migrate.ts";
import type { Settings } from "../platform/settings.ts";
import { connectSql, isUnavailable, replacePool, type Sql } from "../platform/sql.ts";
import { connectTcp } from "../platform/tcp-socket.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { type AdminKey, findAdminKey } from "./admin-key.ts";
import { buildDeps, createProcessState, followLayers } from "./build-deps.ts";
import { keepLastKnown } from "./last-known/keep-last-known.ts";
import { readFromSharedCache } from "./last-known/read-from-cache.ts";
import { type LastKnown, readLastKnown } from "./last-known/read-last-known.ts";

type Stop = () => Promise<void>;

interface OpenOptions {
  readonly databaseUrl: string;
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Gets the end of all that is started, in order. */
  readonly stops: Stop[];
  /** Starts what needs the database, as soon as it is migrated; it may throw what `isUnavailable` knows. */
  readonly startWithDatabase?: (sql: Sql) => Promise<Stop>;
  /** Hears of a database that can be reached and cannot be used. */
  readonly fail: (error: unknown) => void;
}

const migrationsFolder = new URL("../../migrations/", import.meta.url).pathname;
const pingTimeoutMs = 5_000;
/** How long a start waits for PostgreSQL where it can do without. */
const patienceMs = 5_000;
const retryMs = 1_000;

interface Opening extends OpenOptions {
  readonly pool: Sql;
  readonly deps: Deps;
  readonly lastKnown: LastKnown;
  readonly folder: string;
  isWhole: boolean;
  /** Whether it began with what was last known. */
  hasBegun: boolean;
  isStopped: boolean;
}

/**
 * Brings a process to where it can answer: with a migrated database and all that it says; or, while
 * that is away, with what was last known, for reads alone, until the database is back.
 *
 * @throws Error where there is neither
 */
export const openProcess = async (
  options: OpenOptions,
): Promise<{ readonly deps: Deps; readonly adminKey: AdminKey }> => {
  const { databaseUrl, log, metrics, settings, stops } = options;
  const { databasePoolSize: max, databaseQueueSize, dataDir } = settings;
  const pool = connectSql(databaseUrl, { max, longLived: true, createSocket: connectTcp });
  stops.push(() => pool.end({ timeout: 5 }));
  const isOpen = (): boolean => opening.isWhole;
  const sql = guardSql(pool, { maxAtOnce: max + databaseQueueSize, isOpen });
  const adminKey = await findAdminKey(dataDir, settings.bootstrapAdminKey);
  const replicas = openReplicas(settings);
  stops.push(async () => replicas?.close());
  const state = { ...createProcessState(adminKey.key, metrics, settings), replicas };
  const folder = join(dataDir, "last-known");
  const opening: Opening = {
    ...options,
    pool,
    deps: buildDeps(sql, settings, log, state),
    folder,
    lastKnown: await readLastKnown(folder, log),
    isWhole: false,
    hasBegun: false,
    isStopped: false,
  };
  stops.push(async () => {
    opening.isStopped = true;
  });
  const whole = becomeWhole(opening);
  if (await canWait(opening, whole)) void goOn(opening, whole);
  else {
    await whole;
    await startTheRest(opening);
  }
  return { deps: opening.deps, adminKey };
};

/** They need not be there: what they cannot answer, the primary does. */
const openReplicas = (settings: Settings): Replicas | undefined => {
  const { databasePoolSize: max, databaseQueueSize, databaseReplicaUrls: urls } = settings;
  if (urls === undefined) return undefined;
  const maxAtOnce = max + databaseQueueSize;
  const connect = (url: string): Sql =>
    connectSql(url, { max, longLived: true, name: "fairlead-reads", createSocket: connectTcp });
  return createReplicas(urls.map((url) => guardSql(connect(url), { maxAtOnce })));
};

/** Everything that is known is known from then on; may be tried again. */
const becomeWhole = async (opening: Opening): Promise<void> => {
  const { deps, log, pool } = opening;
  await withDeadline(pool`select 1`, pingTimeoutMs, () => replacePool(pool));
  const { applied } = await migrate(pool, migrationsFolder);
  if (applied.length > 0) log.info("migrated the database", { applied });
  await deps.access.syncOnce(pool);
  await deps.layers?.followOnce(pool);
  opening.isWhole = true;
};

/**
 * Whether the database is to be waited for while reads are answered; false where it is there, or where
 * nothing is known that could be answered.
 */
const canWait = async (opening: Opening, whole: Promise<void>): Promise<boolean> => {
  const { deps, lastKnown, log, settings } = opening;
  const { known, used } = lastKnown;
  if (known === undefined || known.access.ageMs > settings.authStalenessMs) return false;
  const reached = whole.then(
    () => true,
    (error: unknown) => !isUnavailable(error),
  );
  if (await Promise.race([reached, sleep(patienceMs, false)])) return false;
  const layers = await readFromSharedCache(settings, used, known.layers, log);
  if (opening.isWhole) return false;
  deps.access.begin(known.access);
  deps.layers?.begin(layers);
  opening.hasBegun = true;
  log.warn("PostgreSQL is away: serving what was last known", {
    revision: layers.revision,
    ageSeconds: Math.ceil(layers.ageMs / 1_000),
  });
  return true;
};

/** Tries until the database is there. */
const goOn = async (opening: Opening, whole: Promise<void>): Promise<void> => {
  const { fail, log } = opening;
  const steps = [() => becomeWhole(opening), () => startTheRest(opening)];
  let underWay = whole;
  let step = 0;
  for (;;) {
    try {
      await underWay;
      step += 1;
    } catch (error) {
      if (opening.isStopped) return;
      if (!isUnavailable(error)) {
        fail(error);
        return;
      }
      log.debug("PostgreSQL is still away", describeError(error));
      await sleep(retryMs * (0.8 + 0.4 * Math.random()));
    }
    const next = steps[step];
    if (next === undefined || opening.isStopped) break;
    underWay = next();
  }
  if (!opening.isStopped) log.info("PostgreSQL is back: nothing is missing any more");
};

const startTheRest = async (opening: Opening): Promise<void> => {
  const { databaseUrl, deps, folder, lastKnown, log, pool, startWithDatabase, stops } = opening;
  const end = await startWithDatabase?.(pool);
  if (end !== undefined) stops.push(end);
  const connect = () => connectSql(databaseUrl, { max: 1, createSocket: connectTcp });
  stops.push(followAccess({ ...deps, connect, log }));
  if (deps.runtimeStreams !== undefined) {
    stops.push(followJobSpecs({ hub: deps.runtimeStreams, connect, log }));
  }
  if (deps.layers === undefined) return;
  stops.push(followLayers(deps, connect));
  stops.push(keepLastKnown({ ...deps, layers: deps.layers, folder }));
  if (opening.hasBegun) return;
  deps.warmUp?.want(lastKnown.used);
  void warmUp(opening);
};

/** Loads what was used last, however often PostgreSQL goes away meanwhile. */
const warmUp = async (opening: Opening): Promise<void> => {
  const { deps, log, pool } = opening;
  const left = (): number => (opening.isStopped ? 0 : (deps.warmUp?.missing() ?? 0));
  while (left() > 0) {
    try {
      await deps.warmUp?.warmOnce(pool);
    } catch (error) {
      log.debug("cannot load what was used last", describeError(error));
      await sleep(retryMs);
    }
  }
};
