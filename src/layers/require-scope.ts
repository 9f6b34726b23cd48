import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";
import type { Sql, Tx } from "../platform/sql.ts";

/** `''` and absence both name nothing, and nothing always exists. */
interface PartialScope {
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
}

/**
 * Refuses an app or environment that does not exist, or that does not for this reader.
 *
 * @throws Problem `NOT_FOUND` that names it
 */
export const requireScope = async (
  { permissions, sql }: Ctx,
  given: PartialScope,
  tx: Sql | Tx = sql,
): Promise<void> => {
  const scope = { app: given.app ?? "", environment: given.environment ?? "" };
  const { app, environment } = scope;
  if (app === "" && environment === "") return;
  if (environment !== "" && !permissions.seesEnvironment(environment)) {
    throw missing("environment", environment, true);
  }
  if (app !== "" && !permissions.seesApp(app)) throw missing("app", app, true);
  refuseMissingScope(scope, await scopeExistence(tx, scope));
};

/**
 * The keys that somebody may read of (app, environment). Where there are none, the scope is refused
 * as missing, by the grants alone: whether it exists makes no difference.
 *
 * @throws Problem `NOT_FOUND`
 */
export const requireReadableScope = (
  { permissions }: Ctx,
  kind: string,
  { app, environment }: { readonly app: string; readonly environment: string },
): KeyFilter => {
  const filter = permissions.keys("entries.read", kind, app, environment);
  if (filter.permits !== "none") return filter;
  if (app !== "" && (environment === "" || !permissions.seesApp(app))) {
    throw missing("app", app, true);
  }
  if (environment !== "") throw missing("environment", environment, true);
  throw new Problem(
    "NOT_FOUND",
    "There is nothing that you may read without an app and an environment: name them.",
    { isRefusal: true },
  );
};

interface ScopeExistence {
  readonly appExists: boolean;
  readonly environmentExists: boolean;
}

/** A typing error must not read inherited values. */
export const refuseMissingScope = (
  { app, environment }: { readonly app: string; readonly environment: string },
  { appExists, environmentExists }: ScopeExistence,
): void => {
  if (!environmentExists) throw missing("environment", environment);
  if (!appExists) throw missing("app", app);
};

const missing = (path: "app" | "environment", name: string, isRefusal = false): Problem => {
  const message = `there is no ${path} "${name}"`;
  return new Problem("NOT_FOUND", `${path}: ${message}`, {
    errors: [{ path, message }],
    isRefusal,
  });
};

const scopeExistence = async (
  sql: Sql | Tx,
  { app, environment }: { readonly app: string; readonly environment: string },
): Promise<ScopeExistence> => {
  const [row] = await sql<ScopeExistence[]>`
    select
      ${app} = '' or exists (select from fairlead.apps where name = ${app}) as "appExists",
      ${environment} = '' or exists (
        select from fairlead.environments where name = ${environment}
      ) as "environmentExists"`;
  return row ?? { appExists: false, environmentExists: false };
};
