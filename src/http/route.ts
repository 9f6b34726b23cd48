import type { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Ctx } from "../context.ts";
import type { ErrorCode } from "../errors.ts";
import type { Json } from "../platform/json.ts";
import { type BodyType, parseBody } from "./parse-body.ts";
import { parseParameters } from "./parse-parameters.ts";
import { type ContractResponse, registerContract } from "./register-contract.ts";

type Shape = z.ZodObject | undefined;

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
  readonly headers?: readonly ("If-Match" | "If-None-Match" | "Idempotency-Key")[];
  readonly responses: Readonly<Record<number, ContractResponse>>;
  readonly errors: readonly ErrorCode[];
}

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
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<Params, Query, Body> = (
  ctx: Ctx,
  input: RouteInput<Params, Query, Body>,
) => Promise<Reply>;

/** A contract with its handler, ready to be mounted. */
export interface Route {
  readonly contract: Contract;
  readonly handler: Handler<Shape, Shape, z.ZodType | undefined>;
}

export const defineRoute = <
  Params extends Shape = undefined,
  Query extends Shape = undefined,
  Body extends z.ZodType | undefined = undefined,
>(
  contract: Contract<Params, Query, Body>,
  handler: Handler<Params, Query, Body>,
): Route => ({ contract, handler });

/** What a request carries through the router. */
export interface AppEnv {
  readonly Variables: { requestId?: string };
}

/** Gives a request its context: who sends it, with which id, over which dependencies. */
export type ContextOf = (c: Context<AppEnv>) => Ctx;

/** Mounts a route: its path in the router, its contract in the OpenAPI document. */
export const mountRoute = (
  app: Hono<AppEnv>,
  registry: OpenAPIRegistry,
  contextOf: ContextOf,
  route: Route,
): void => {
  const { contract, handler } = route;
  registerContract(registry, contract);
  const path = contract.path.replaceAll(/\{(\w+)\}/g, ":$1");
  app.on(contract.method.toUpperCase(), path, async (c) => {
    const ctx = contextOf(c);
    const { params, query } = parseParameters(contract, c);
    const { body, ctx: bound } = await parseBody(contract, c, ctx);
    const reply = await handler(bound, { params, query, body, headers: c.req.raw.headers });
    return toResponse(reply, ctx, contract.method === "get" ? readHeaders : {});
  });
};

/** What a read sends along, whatever it reads. */
const readHeaders = {
  "cache-control": "private, no-cache",
  vary: "Authorization, X-API-Key, Accept",
} as const;

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
  let text: string | null = null;
  if (reply.text !== undefined) {
    headers["content-type"] = reply.text.type;
    text = reply.text.content;
  } else if (reply.body !== undefined) {
    headers["content-type"] = "application/json";
    text = JSON.stringify(reply.body);
  }
  return new Response(text, { status: reply.status ?? 200, headers });
};
