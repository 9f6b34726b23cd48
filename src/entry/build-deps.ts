import { createCommitter } from "../changes/committer.ts";
import { evaluationRules } from "../changes/evaluation-rules.ts";
import { registerKinds } from "../changes/kind.ts";
import { configKind } from "../configs/kind.ts";
import type { Deps } from "../context.ts";
import type { Logger } from "../platform/log.ts";
import type { Settings } from "../platform/settings.ts";
import type { Sql } from "../platform/sql.ts";

/** Puts together what verbs get, whatever the runtime. */
export const buildDeps = (sql: Sql, settings: Settings, log: Logger): Deps => {
  const kinds = registerKinds(configKind(settings));
  const committer = createCommitter({ sql, log, rules: evaluationRules({ kinds, settings }) });
  return { sql, settings, log, kinds, committer };
};
