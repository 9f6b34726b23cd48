import type { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import { type Ctx, type Deps, requireAnyPermission } from "../context.ts";
import type { ErrorCode } from "../errors.ts";
import { type Action, actions } from "../permissions/actions.ts";
import type { Json } from "../platform/json.ts";
import { chooseDatabase } from "./choose-database.ts";
import { readHeaders } from "./conditional.ts";
import type { HotHandler } from "./hot.ts";
import { answerLive, type LiveAnswer, type LiveTransport } from "./live.ts";
import { type BodyType, parseBody } from "./parse-body.ts";
import { parseParameters } from "./parse-parameters.ts";
import { type ContractResponse, registerContract } from "./register-contract.ts";
import { toPath } from "./require-policies.ts";

type Shape = z.ZodObject | undefined;

/**
 * Who may use a route: whoever holds a key, or whoever may do the action somewhere. Where exactly, its
 * verb decides. Routes without a contract need no key, and are listed in the app.
 */
export type Policy = Action | "any-key";

const policies: ReadonlySet<unknown> = new Set<Policy>([...actions, "any-key"]);

/** What a route promises: its part of the OpenAPI document, and what is checked before its handler. */
export interface Contract<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As OpenAPI writes it: `/v1/config/{key}`. */
  readonly path: string;
  readonly operationId: string;
  readonly policy: Policy;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: {
    readonly schema: Body;
    readonly types?: readonly BodyType[];
    readonly example: Json;
    /** For bodies that are documents rather than commands: handed on as parsed. */
    readonly optional?: boolean;
  };
  /** Request headers that the route heeds, for the OpenAPI document. */
  readonly headers?: readonly RequestHeader[];
  /** What may be read from a replica that has come far enough. */
  readonly replica?: "always" | "for the past";
  /** Takes a stream ticket in place of a key; the policy is asked of the ticket's holder. */
  readonly ticket?: boolean;
  readonly responses: Readonly<Record<number, ContractResponse>>;
  readonly errors: readonly ErrorCode[];
}

type RequestHeader = "If-Match" | "If-None-Match" | "Idempotency-Key" | "Last-Event-ID";

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface RouteInput<Params, Query, Body> {
  readonly params: Parsed<Params>;
  readonly query: Parsed<Query>;
  readonly body: Parsed<Body>;
  readonly headers: Headers;
}

/** What a handler answers; `body` is sent as JSON unless `text` says otherwise. */
export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: { readonly type: string; readonly content: string };
  /** Sent as it is made. */
  readonly stream?: { readonly type: string; readonly content: ReadableStream<Uint8Array> };
  /** Goes on until somebody ends it. */
  readonly live?: LiveAnswer;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<Params, Query, Body> = (
  ctx: Ctx,
  input: RouteInput<Params, Query, Body>,
) => Promise<Reply>;

/** A contract with its handler, ready to be mounted. */
export interface Route {
  readonly contract: Contract;
  /** Answers before the router what it can. */
  readonly hot?: HotHandler | undefined;
  readonly handler: Handler<Shape, Shape, z.ZodType | undefined>;
}

export const defineRoute = <
  Params extends Shape = undefined,
  Query extends Shape = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  contract: Contract<Params, Query, Body>,
  handler: Handler<Params, Query, Body>,
  hot?: HotHandler,
): Route => ({ contract, handler, hot });

/** What a request carries through the router. */
export interface AppEnv {
  readonly Variables: {
    requestId?: string;
    /** The operation, once a route is found. */
    operationId?: string;
    /** Set once it is known who sends the request. */
    ctx?: Ctx;
  };
}

/** Gives a request its context: who sends it, with which id, over which dependencies. */
export interface RequestParts {
  readonly contextOf: (c: Context<AppEnv>, contract: Contract) => Promise<Ctx>;
  readonly depsOf: (c: Context<AppEnv>) => Deps;
  readonly transport?: LiveTransport;
}

/**
 * Mounts a route: its path in the router, its contract in the OpenAPI document.
 *
 * @throws Error where the contract does not say who may use it
 */
export const mountRoute = (
  app: Hono<AppEnv>,
  registry: OpenAPIRegistry,
  { contextOf, depsOf, transport = {} }: RequestParts,
  route: Route,
): void => {
  const { contract, handler } = route;
  const { method, operationId, policy } = contract;
  if (!policies.has(policy)) throw new Error(`${operationId} does not declare a policy`);
  registerContract(registry, contract);
  const answer = async (c: Context<AppEnv>): Promise<Response> => {
    c.set("operationId", operationId);
    const ctx = await contextOf(c, contract);
    if (policy !== "any-key") requireAnyPermission(ctx, policy);
    const { params, query } = parseParameters(contract, c, ctx.defaults);
    const { body, ctx: bound } = await parseBody(contract, c, ctx);
    const input = { params, query, body, headers: c.req.raw.headers };
    const reply = await chooseDatabase(contract, bound, input, (chosen) => handler(chosen, input));
    await reachShown(ctx, reply);
    const defaults = method === "get" ? readHeaders : {};
    if (reply.live === undefined) return toResponse(reply, ctx, defaults);
    const headers = { "x-request-id": ctx.request.id, ...defaults, ...reply.headers };
    return answerLive(c, transport, reply.live, { headers });
  };
  const measured = ({ metrics }: Deps, response: Response, startedMs: number): Response => {
    metrics.observeRequest(operationId, response.status, (performance.now() - startedMs) / 1_000);
    return response;
  };
  app.on(method.toUpperCase(), toPath(contract.path), (c): Promise<Response> => {
    const startedMs = performance.now();
    const deps = depsOf(c);
    return answer(c).then((response) => measured(deps, response, startedMs));
  });
};

/**
 * What an answer shows, every later one of this process shows too: nobody's revision goes back.
 *
 * @throws Problem `UNAVAILABLE` where that cannot be made sure of
 */
const reachShown = async ({ layers, sql }: Ctx, { headers }: Reply): Promise<void> => {
  const revision = headers?.["config-revision"];
  if (revision !== undefined) await layers?.reach(sql, { revision: Number(revision) });
};

const toResponse = (
  reply: Reply,
  ctx: Ctx,
  defaults: Readonly<Record<string, string>>,
): Response => {
  const headers: Record<string, string> = {
    "x-request-id": ctx.request.id,
    ...defaults,
    ...reply.headers,
  };
  const status = reply.status ?? 200;
  if (reply.stream !== undefined) {
    headers["content-type"] = reply.stream.type;
    return new Response(reply.stream.content, { status, headers });
  }
  let text: string | null = null;
  if (reply.text !== undefined) {
    headers["content-type"] = reply.text.type;
    text = reply.text.content;
  } else if (reply.body !== undefined) {
    headers["content-type"] = "application/json";
    text = JSON.stringify(reply.body);
  }
  return new Response(text, { status, headers });
};
