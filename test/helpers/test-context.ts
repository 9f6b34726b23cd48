import { createCommitter } from "../../src/changes/committer.ts";
import { evaluationRules } from "../../src/changes/evaluation-rules.ts";
import { type Kind, registerKinds } from "../../src/changes/kind.ts";
import { configKind } from "../../src/configs/kind.ts";
import type { Ctx, RequestInfo } from "../../src/context.ts";
import { buildDeps, createProcessState } from "../../src/entry/build-deps.ts";
import { compilePermissions, type Permissions } from "../../src/permissions/compile-permissions.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import { builtInRoleActions } from "../../src/permissions/roles.ts";
import { createLogger } from "../../src/platform/log.ts";
import { noMetrics } from "../../src/platform/metrics.ts";
import { parseSettings } from "../../src/platform/settings.ts";
import type { Sql } from "../../src/platform/sql.ts";

interface TestContextOptions {
  /** As in the environment of a process. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Kinds beside those of the product. */
  readonly kinds?: readonly Kind[];
  /** What the caller may do; by default everything. */
  readonly grants?: readonly Grant[];
  /** Gets each line of the log from `warn` up. */
  readonly log?: (line: string) => void;
}

/** What verbs get from a process of its own: a committer that shares nothing but the database. */
export const createTestContext = (sql: Sql, options: TestContextOptions = {}): Ctx => {
  const settings = parseSettings(options.settings ?? {});
  const log = createLogger("warn", options.log ?? (() => {}));
  const built = buildDeps(sql, settings, log, {
    ...createProcessState("the-key-of-the-administrator", noMetrics, settings),
    layers: undefined,
    streams: undefined,
  });
  const added = options.kinds ?? [];
  const kinds = added.length === 0 ? built.kinds : registerKinds(configKind(settings), ...added);
  const rules = evaluationRules({ kinds, settings });
  return {
    ...built,
    kinds,
    committer: added.length === 0 ? built.committer : createCommitter({ sql, log, rules }),
    actor: { type: "key", id: "tester" },
    authentication: "api-key",
    name: "tester",
    permissions: permissionsOf(options.grants ?? [{ role: "admin", effect: "allow" }]),
    defaults: { app: "", environment: "" },
    expiresAt: null,
    request: { id: "test", address: undefined, userAgent: undefined, idempotency: undefined },
  };
};

/** What somebody with these grants may do, where there are no roles but the built-in ones. */
export const permissionsOf = (grants: readonly Grant[]): Permissions =>
  compilePermissions(grants, builtInRoleActions);

type Idempotency = NonNullable<RequestInfo["idempotency"]>;

/** The same caller with an Idempotency-Key. */
export const withIdempotency = (
  ctx: Ctx,
  key: string,
  more: Partial<Omit<Idempotency, "key">> = {},
): Ctx => {
  const idempotency = { route: "POST /v1/changes", requestHash: "hash", key, ...more };
  return { ...ctx, request: { ...ctx.request, idempotency } };
};
