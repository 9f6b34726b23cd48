import { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { type Context, Hono } from "hono";
import { accessRoutes } from "./access/routes.ts";
import { anonymous } from "./access/store/identities.ts";
import { auditRoutes } from "./audit/routes.ts";
import { changeRoutes } from "./changes/routes.ts";
import { configRoutes } from "./configs/routes.ts";
import { consumerRoutes } from "./consumers/routes.ts";
import { type Deps, type Identity, missingCredentials } from "./context.ts";
import { edgeRoutes } from "./edge/routes.ts";
import { environmentRoutes } from "./environments/routes.ts";
import { invalidInput, Problem } from "./errors.ts";
import { allowOrigins } from "./http/allow-origins.ts";
import { createHotLane } from "./http/hot.ts";
import type { LiveTransport } from "./http/live.ts";
import { mountDocs } from "./http/mount-docs.ts";
import { mountHealth } from "./http/mount-health.ts";
import { explainNoRoute } from "./http/no-route.ts";
import { presentedKey } from "./http/presented-key.ts";
import { problemResponse } from "./http/problem-response.ts";
import { requestInfo } from "./http/request-info.ts";
import { requirePolicies } from "./http/require-policies.ts";
import { type AppEnv, mountRoute, type RequestParts } from "./http/route.ts";
import { jobSpecRoutes } from "./job-specs/routes.ts";
import { runtimeStreamRoutes } from "./job-specs/stream/routes.ts";
import { metricsRoutes } from "./metrics/routes.ts";
import { createLogger } from "./platform/log.ts";
import { entryRoutes } from "./seed/entry-routes.ts";
import { serviceRoutes } from "./seed/service-routes.ts";
import { streamRoutes } from "./streams/routes.ts";
import { redeemTicket } from "./streams/tickets/redeem-ticket.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

/** What a runtime brings to the app: on Workers `deps` are made for each request. */
export interface AppOptions {
  readonly deps: (c: Context<AppEnv>) => Deps;
  /** The client's address, where the runtime knows it. */
  readonly address?: (c: Context<AppEnv>) => string | undefined;
  /** The origins whose scripts may read answers; left out where there are none. */
  readonly allowedOrigins?: (c: Context<AppEnv>) => readonly string[];
  /** How it sends streams, where it can do better than the general way. */
  readonly transport?: LiveTransport;
}

const routes = [
  ...changeRoutes,
  ...configRoutes,
  ...environmentRoutes,
  ...accessRoutes,
  ...auditRoutes,
  ...streamRoutes,
  ...consumerRoutes,
  ...edgeRoutes,
  ...jobSpecRoutes,
  ...runtimeStreamRoutes,
  ...webhookRoutes,
  ...metricsRoutes,
  // The API as the founding documents spell it: the same verbs, each route with its own shape.
  ...serviceRoutes,
  ...entryRoutes,
];

/** What answers the hottest reads before the app does. */
export const answerHot = createHotLane(routes);

/** Fairlead's HTTP API: every slice's routes behind one way in and one way out. */
export const createApp = (options: AppOptions): Hono<AppEnv> => {
  const app = new Hono<AppEnv>();
  const registry = new OpenAPIRegistry();
  if (options.allowedOrigins !== undefined) app.use(allowOrigins(options.allowedOrigins));

  const contextOf: RequestParts["contextOf"] = async (c, { ticket = false }) => {
    const { headers } = c.req.raw;
    const request = requestInfo(headers, options.address?.(c));
    c.set("requestId", request.id);
    const deps = options.deps(c);
    const identity = await identify(deps, c, ticket);
    if (identity.actor.type === "anonymous") throw missingCredentials();
    const ctx = { ...deps, ...identity, request };
    c.set("ctx", ctx);
    return ctx;
  };

  const { deps: depsOf, transport = {} } = options;
  const parts = { contextOf, depsOf, transport };
  for (const route of routes) mountRoute(app, registry, parts, route);
  mountHealth(app, options.deps);
  mountDocs(app, registry, options.deps);
  requirePolicies(app, routes, openToAll);
  const noRoute = explainNoRoute(app);
  const fail = (c: Context<AppEnv>, error: unknown): Response => {
    const requestId = c.get("requestId") ?? requestInfo(c.req.raw.headers, undefined).id;
    if (error instanceof Problem && error.isRefusal) noteRefusal(options, c, error);
    const response = problemResponse(error, requestId, logOf(options, c));
    countFailure(options, c, response.status);
    return response;
  };
  // Not a route of its own for each path: with two to match, the router takes its slow way.
  app.notFound((c) => fail(c, noRoute(c.req.path)));
  app.onError((error, c) => fail(c, error));
  return app;
};

/** By its key or, where a route takes one, by its ticket. */
const identify = async (
  deps: Deps,
  c: Context<AppEnv>,
  takesTickets: boolean,
): Promise<Identity> => {
  const presented = presentedKey(c.req.raw.headers);
  const ticket = takesTickets ? (c.req.query("ticket") ?? "") : "";
  if (ticket === "") return deps.access.identify(deps.sql, presented);
  // A wrong credential is not made good by another one.
  if (presented !== undefined)
    throw invalidInput("ticket", "comes in place of a key, not with one");
  return redeemTicket(deps, ticket);
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

/** How long it took is of no interest; how many there are is. */
const countFailure = (options: AppOptions, c: Context<AppEnv>, status: number): void => {
  try {
    options.deps(c).metrics.observeRequest(c.get("operationId") ?? "none", status, 0);
  } catch {
    // Without dependencies there are no metrics either; the failure itself is logged.
  }
};

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
