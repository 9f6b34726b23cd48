import { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { type Context, Hono } from "hono";
import { changeRoutes } from "./changes/routes.ts";
import { configRoutes } from "./configs/routes.ts";
import { type Ctx, type Deps, missingCredentials } from "./context.ts";
import { environmentRoutes } from "./environments/routes.ts";
import { Problem } from "./errors.ts";
import type { Authenticate } from "./http/authenticate.ts";
import { mountDocs } from "./http/mount-docs.ts";
import { mountHealth } from "./http/mount-health.ts";
import { problemResponse } from "./http/problem-response.ts";
import { requestInfo } from "./http/request-info.ts";
import { type AppEnv, mountRoute } from "./http/route.ts";
import { createLogger } from "./platform/log.ts";
import { entryRoutes } from "./seed/entry-routes.ts";
import { serviceRoutes } from "./seed/service-routes.ts";

/** What a runtime brings to the app: on Workers `deps` are made for each request. */
export interface AppOptions {
  readonly deps: (c: Context<AppEnv>) => Deps;
  readonly authenticate: (c: Context<AppEnv>) => Authenticate;
  /** The client's address, where the runtime knows it. */
  readonly address?: (c: Context<AppEnv>) => string | undefined;
}

const routes = [
  ...changeRoutes,
  ...configRoutes,
  ...environmentRoutes,
  // The API as the founding documents spell it: the same verbs, each route with its own shape.
  ...serviceRoutes,
  ...entryRoutes,
];

/** Fairlead's HTTP API: every slice's routes behind one way in and one way out. */
export const createApp = (options: AppOptions): Hono<AppEnv> => {
  const app = new Hono<AppEnv>();
  const registry = new OpenAPIRegistry();

  const contextOf = (c: Context<AppEnv>): Ctx => {
    const { headers } = c.req.raw;
    const request = requestInfo(headers, options.address?.(c));
    c.set("requestId", request.id);
    const actor = options.authenticate(c)(headers);
    if (actor.type === "anonymous") throw missingCredentials();
    return { ...options.deps(c), actor, request };
  };

  for (const route of routes) mountRoute(app, registry, contextOf, route);
  mountHealth(app, options.deps);
  mountDocs(app, registry, options.deps);
  refuseOtherMethods(app);
  const fail = (c: Context<AppEnv>, error: unknown): Response => {
    const requestId = c.get("requestId") ?? requestInfo(c.req.raw.headers, undefined).id;
    return problemResponse(error, requestId, logOf(options, c));
  };
  app.notFound((c) => fail(c, new Problem("NOT_FOUND", `There is no route ${c.req.path}.`)));
  app.onError((error, c) => fail(c, error));
  return app;
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
  const methods = Map.groupBy(app.routes, ({ path }) => path);
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
