import { Problem } from "../errors.ts";
import type { Sql, Tx } from "../platform/sql.ts";

/** `''` and absence both name nothing, and nothing always exists. */
interface PartialScope {
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
}

/**
 * Refuses an app or environment that does not exist.
 *
 * @throws Problem `NOT_FOUND` that names it
 */
export const requireScope = async (sql: Sql | Tx, given: PartialScope): Promise<void> => {
  const scope = { app: given.app ?? "", environment: given.environment ?? "" };
  if (scope.app === "" && scope.environment === "") return;
  refuseMissingScope(scope, await scopeExistence(sql, scope));
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

const missing = (path: "app" | "environment", name: string): Problem => {
  const message = `there is no ${path} "${name}"`;
  return new Problem("NOT_FOUND", `${path}: ${message}`, { errors: [{ path, message }] });
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
