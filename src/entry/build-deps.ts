import { createAccessStore } from "../access/store/access-store.ts";
import { productKinds } from "../app/product-kinds.ts";
import { createRefusalLog } from "../audit/refusals.ts";
import { createCommitter } from "../changes/committer.ts";
import { evaluationRules } from "../changes/evaluation-rules.ts";
import type { Deps } from "../context.ts";
import { createRuntimeHub } from "../job-specs/stream/runtime-hub.ts";
import { followRevisions } from "../layers/memory/follow-revisions.ts";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createLayerReader } from "../layers/memory/layer-reader.ts";
import { createWarmUp } from "../layers/memory/warm-up.ts";
import type { Logger } from "../platform/log.ts";
import type { Metrics } from "../platform/metrics.ts";
import type { Settings } from "../platform/settings.ts";
import type { Sql } from "../platform/sql.ts";
import { runStreams } from "../streams/run-streams.ts";
import { createStreamHub } from "../streams/stream-hub.ts";
import { createTicketBook } from "../streams/tickets/ticket-book.ts";

/** What outlives a request, also where a SQL handle does not. */
export type ProcessState = Pick<
  Deps,
  | "access"
  | "layers"
  | "metrics"
  | "refusals"
  | "replicas"
  | "runtimeStreams"
  | "streams"
  | "tickets"
  | "warmUp"
>;

/** Of a process that polls for what has changed, so that no request waits for it. */
export const createProcessState = (
  bootstrapKey: string,
  metrics: Metrics,
  { authStalenessMs, maxLayerMemoryBytes, maxStreams, maxStreamsPerKey }: Settings,
): ProcessState => {
  const access = createAccessStore({
    bootstrapKey,
    stalenessMs: authStalenessMs,
    confirmAfterMs: authStalenessMs,
  });
  const layers = createLayerReader(createLayerMemory(maxLayerMemoryBytes));
  return {
    access,
    layers,
    warmUp: createWarmUp(layers, maxLayerMemoryBytes),
    replicas: undefined,
    refusals: createRefusalLog(),
    streams: createStreamHub({ access, layers, maxStreams, maxStreamsPerKey }),
    runtimeStreams: createRuntimeHub({ access, maxStreams, maxStreamsPerKey }),
    tickets: createTicketBook(),
    metrics,
  };
};

/** Puts together what verbs get, whatever the runtime. */
export const buildDeps = (sql: Sql, settings: Settings, log: Logger, state: ProcessState): Deps => {
  const kinds = productKinds(settings);
  const { layers } = state;
  const committer = createCommitter({
    sql,
    log,
    rules: evaluationRules({ kinds, settings }),
    ...(layers === undefined ? {} : { onCommit: (run) => layers.takeOwn(run) }),
  });
  return { sql, settings, log, kinds, committer, ...state };
};

/** Sees to the streams that the process has from then on, until it is stopped. */
export const startStreams = (deps: Deps): (() => Promise<void>) => {
  const { log, runtimeStreams, sql } = deps;
  const hubs = [deps.streams, runtimeStreams].filter((hub) => hub !== undefined);
  const stops = hubs.map((streams) => runStreams({ streams, sql, log }));
  return async () => void (await Promise.all(stops.map((stop) => stop())));
};

/** Follows the deployment's revisions until it is stopped. */
export const followLayers = (
  { layers, log, settings }: Deps,
  connect: () => Sql,
): (() => Promise<void>) => {
  if (layers === undefined) return async () => {};
  const everyMs = Math.min(1_000, settings.maxStalenessMs / 3);
  return followRevisions({ layers, connect, log, everyMs });
};
