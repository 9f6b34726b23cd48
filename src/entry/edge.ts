import type { Context } from "hono";
import { createApp } from "../app.ts";
import type { Deps } from "../context.ts";
import { Problem } from "../errors.ts";
import { type Authenticate, authenticateAdministrator } from "../http/authenticate.ts";
import { createLogger } from "../platform/log.ts";
import { parseSettings } from "../platform/settings.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { buildDeps } from "./build-deps.ts";

interface Bindings {
  /** The database through Cloudflare's pool; preferred over DATABASE_URL. */
  readonly HYPERDRIVE?: Hyperdrive;
  readonly DATABASE_URL?: string;
  readonly BOOTSTRAP_ADMIN_KEY?: string;
}

/** A SQL client lives for one request here, so each request has dependencies of its own. */
interface RequestScope {
  readonly bindings: Bindings;
  deps?: Deps;
  sql?: Sql;
}

const log = createLogger();

const scopeOf = (c: Context): RequestScope => c.env as RequestScope;

const depsOf = (c: Context): Deps => {
  const scope = scopeOf(c);
  if (scope.deps !== undefined) return scope.deps;
  const { HYPERDRIVE, ...variables } = scope.bindings;
  const settings = parseSettings(variables);
  const url = HYPERDRIVE?.connectionString ?? settings.databaseUrl;
  if (url === undefined) {
    throw new Problem("UNAVAILABLE", "This Worker has no database: bind HYPERDRIVE.");
  }
  // Five is what a Worker's limit on connections leaves room for.
  scope.sql = connectSql(url, { max: 5, prepare: HYPERDRIVE !== undefined });
  scope.deps = buildDeps(scope.sql, settings, log);
  return scope.deps;
};

let remembered: { readonly key: string; readonly authenticate: Authenticate } | undefined;

const authenticateOf = (c: Context): Authenticate => {
  const key = scopeOf(c).bindings.BOOTSTRAP_ADMIN_KEY;
  if (key === undefined || key.length < 16) {
    throw new Problem("UNAVAILABLE", "This Worker has no BOOTSTRAP_ADMIN_KEY secret.");
  }
  if (remembered?.key !== key) remembered = { key, authenticate: authenticateAdministrator(key) };
  return remembered.authenticate;
};

const app = createApp({
  deps: depsOf,
  authenticate: authenticateOf,
  address: (c) => c.req.header("cf-connecting-ip"),
});

export default {
  async fetch(
    request: Request,
    bindings: Bindings,
    execution: ExecutionContext,
  ): Promise<Response> {
    const scope: RequestScope = { bindings };
    const response = await app.fetch(request, scope, execution);
    // Answers are complete here, so nothing waits on the connection any more.
    if (scope.sql !== undefined) execution.waitUntil(scope.sql.end({ timeout: 5 }));
    return response;
  },
};
