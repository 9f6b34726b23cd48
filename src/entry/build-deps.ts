import { createAccessStore } from "../access/store/access-store.ts";
import { createRefusalLog } from "../audit/refusals.ts";
import { createCommitter } from "../changes/committer.ts";
import { evaluationRules } from "../changes/evaluation-rules.ts";
import { registerKinds } from "../changes/kind.ts";
import { configKind } from "../configs/kind.ts";
import type { Deps } from "../context.ts";
import type { Logger } from "../platform/log.ts";
import type { Settings } from "../platform/settings.ts";
import type { Sql } from "../platform/sql.ts";

/** What outlives a request, also where a SQL handle does not. */
export type ProcessState = Pick<Deps, "access" | "refusals">;

/** Of a process that polls for what has changed, so that no request waits for it. */
export const createProcessState = (
  bootstrapKey: string,
  { authStalenessMs }: Settings,
): ProcessState => ({
  access: createAccessStore({
    bootstrapKey,
    stalenessMs: authStalenessMs,
    confirmAfterMs: authStalenessMs,
  }),
  refusals: createRefusalLog(),
});

/** Puts together what verbs get, whatever the runtime. */
export const buildDeps = (sql: Sql, settings: Settings, log: Logger, state: ProcessState): Deps => {
  const kinds = registerKinds(configKind(settings));
  const committer = createCommitter({ sql, log, rules: evaluationRules({ kinds, settings }) });
  return { sql, settings, log, kinds, committer, ...state };
};
