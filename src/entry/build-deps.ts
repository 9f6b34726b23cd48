import { createAccessStore } from "../access/store/access-store.ts";
import { createRefusalLog } from "../audit/refusals.ts";
import { createCommitter } from "../changes/committer.ts";
import { evaluationRules } from "../changes/evaluation-rules.ts";
import { registerKinds } from "../changes/kind.ts";
import { configKind } from "../configs/kind.ts";
import type { Deps } from "../context.ts";
import { followRevisions } from "../layers/memory/follow-revisions.ts";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createLayerReader } from "../layers/memory/layer-reader.ts";
import type { Logger } from "../platform/log.ts";
import type { Settings } from "../platform/settings.ts";
import type { Sql } from "../platform/sql.ts";

/** What outlives a request, also where a SQL handle does not. */
export type ProcessState = Pick<Deps, "access" | "layers" | "refusals">;

/** Of a process that polls for what has changed, so that no request waits for it. */
export const createProcessState = (
  bootstrapKey: string,
  { authStalenessMs, maxLayerMemoryBytes }: Settings,
): ProcessState => ({
  access: createAccessStore({
    bootstrapKey,
    stalenessMs: authStalenessMs,
    confirmAfterMs: authStalenessMs,
  }),
  layers: createLayerReader(createLayerMemory(maxLayerMemoryBytes)),
  refusals: createRefusalLog(),
});

/** Puts together what verbs get, whatever the runtime. */
export const buildDeps = (sql: Sql, settings: Settings, log: Logger, state: ProcessState): Deps => {
  const kinds = registerKinds(configKind(settings));
  const { layers } = state;
  const committer = createCommitter({
    sql,
    log,
    rules: evaluationRules({ kinds, settings }),
    ...(layers === undefined ? {} : { onCommit: (run) => layers.takeOwn(run) }),
  });
  return { sql, settings, log, kinds, committer, ...state };
};

/** Learns where the deployment is, and follows it from then on. */
export const startLayers = async (
  { layers }: ProcessState,
  { maxStalenessMs }: Settings,
  { connect, log, sql }: { readonly sql: Sql; readonly connect: () => Sql; readonly log: Logger },
): Promise<() => Promise<void>> => {
  if (layers === undefined) return async () => {};
  await layers.followOnce(sql);
  return followRevisions({ layers, connect, log, everyMs: Math.min(1_000, maxStalenessMs / 3) });
};
