import { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { type Context, Hono } from "hono";
import { accessRoutes } from "./access/routes.ts";
import { anonymous } from "./access/store/identities.ts";
import { auditRoutes } from "./audit/routes.ts";
import { changeRoutes } from "./changes/routes.ts";
import { configRoutes } from "./configs/routes.ts";
import { type Ctx, type Deps, missingCredentials } from "./context.ts";
import { environmentRoutes } from "./environments/routes.ts";
import { Problem } from "./errors.ts";
import { allowOrigins } from "./http/allow-origins.ts";
import { mountDocs } from "./http/mount-docs.ts";
import { mountHealth } from "./http/mount-health.ts";
import { presentedKey } from "./http/presented-key.ts";
import { problemResponse } from "./http/problem-response.ts";
import { requestInfo } from "./http/request-info.ts";
import { requirePolicies } from "./http/require-policies.ts";
import { type AppEnv, mountRoute } from "./http/route.ts";
import { createLogger } from "./platform/log.ts";
import { entryRoutes } from "./seed/entry-routes.ts";
import { serviceRoutes } from "./seed/service-routes.ts";

/** What a runtime brings to the app: on Workers `deps` are made for each request. */
export interface AppOptions {
  readonly deps: (c: Context<AppEnv>) => Deps;
  /** The client's address, where the runtime knows it. */
  readonly address?: (c: Context<AppEnv>) => string | undefined;
  /** The origins whose scripts may read answers; left out where there are none. */
  readonly allowedOrigins?: (c: Context<AppEnv>) => readonly string[];
}

const routes = [
  ...changeRoutes,
  ...configRoutes,
  ...environmentRoutes,
  ...accessRoutes,
  ...auditRoutes,
  // The API as the founding documents spell it: the same verbs, each route with its own shape.
  ...serviceRoutes,
  ...entryRoutes,
];

/** Fairlead's HTTP API: every slice's routes behind one way in and one way out. */
export const createApp = (options: AppOptions): Hono<AppEnv> => {
  const app = new Hono<AppEnv>();
  const registry = new OpenAPIRegistry();
  if (options.allowedOrigins !== undefined) app.use(allowOrigins(options.allowedOrigins));

  const contextOf = async (c: Context<AppEnv>): Promise<Ctx> => {
    const { headers } = c.req.raw;
    const request = requestInfo(headers, options.address?.(c));
    c.set("requestId", request.id);
    const deps = options.deps(c);
    const identity = await deps.access.identify(deps.sql, presentedKey(headers));
    if (identity.actor.type === "anonymous") throw missingCredentials();
    const ctx = { ...deps, ...identity, request };
    c.set("ctx", ctx);
    return ctx;
  };

  for (const route of routes) mountRoute(app, registry, { contextOf, depsOf: options.deps }, route);
  mountHealth(app, options.deps);
  mountDocs(app, registry, options.deps);
  requirePolicies(app, routes, openToAll);
  refuseOtherMethods(app);
  const fail = (c: Context<AppEnv>, error: unknown): Response => {
    const requestId = c.get("requestId") ?? requestInfo(c.req.raw.headers, undefined).id;
    if (error instanceof Problem && error.isRefusal) noteRefusal(options, c, error);
    return problemResponse(error, requestId, logOf(options, c));
  };
  app.notFound((c) => fail(c, new Problem("NOT_FOUND", `There is no route ${c.req.path}.`)));
  app.onError((error, c) => fail(c, error));
  return app;
};

/** Everything else asks for a key. */
const openToAll = new Set([
  "GET /livez",
  "GET /readyz",
  "GET /openapi.json",
  "GET /docs",
  "GET /docs/errors",
  "GET /docs/errors/:code",
]);

const noteRefusal = (options: AppOptions, c: Context<AppEnv>, { code }: Problem): void => {
  const { actor, authentication } = c.get("ctx") ?? anonymous;
  const request = requestInfo(c.req.raw.headers, options.address?.(c));
  options.deps(c).refusals.note({
    actor,
    authentication,
    request: { ...request, id: c.get("requestId") ?? request.id },
    route: c.get("operationId") ?? "none",
    code,
  });
};

/** Even where the dependencies cannot be made, the failure is logged. */
const logOf = (options: AppOptions, c: Context<AppEnv>): Deps["log"] => {
  try {
    return options.deps(c).log;
  } catch {
    return createLogger();
  }
};

/** A known path with another method is 405 and says which methods there are. */
const refuseOtherMethods = (app: Hono<AppEnv>): void => {
  const doors = app.routes.filter(({ method }) => method !== "ALL");
  const methods = Map.groupBy(doors, ({ path }) => path);
  for (const [path, known] of methods) {
    const names = new Set(known.map(({ method }) => method));
    if (names.has("GET")) names.add("HEAD");
    const allow = [...names].sort().join(", ");
    app.all(path, (c) => {
      throw new Problem("METHOD_NOT_ALLOWED", `${c.req.path} knows ${allow}.`, {
        headers: { allow },
      });
    });
  }
};
