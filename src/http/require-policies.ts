import type { Hono } from "hono";
import type { AppEnv, Route } from "./route.ts";

/**
 * Refuses an app with a door that nobody watches: every path must belong to a contract, which says
 * who may use it, or be listed as open to all.
 *
 * @throws Error that names the paths
 */
export const requirePolicies = (
  app: Hono<AppEnv>,
  routes: readonly Route[],
  openToAll: ReadonlySet<string>,
): void => {
  const declared = new Set(
    routes.map(({ contract }) => `${contract.method.toUpperCase()} ${toPath(contract.path)}`),
  );
  const unwatched = app.routes
    // What applies to every path is no door of its own.
    .filter(({ method, path }) => method !== "ALL" || path !== "/*")
    .map(({ method, path }) => `${method} ${path}`)
    .filter((door) => !declared.has(door) && !openToAll.has(door));
  if (unwatched.length > 0) throw new Error(`without a policy: ${unwatched.join(", ")}`);
};

/** As the router writes it: `/v1/config/:key`. */
export const toPath = (contractPath: string): string =>
  contractPath.replaceAll(/\{(\w+)\}/g, ":$1");
