import type { Deps } from "../context.ts";
import type { Contract } from "./route.ts";

/** The header fields that a hot read heeds; one that was sent twice counts as none of its business. */
export interface HotFields {
  readonly authorization?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly requestId?: string | undefined;
}

/** What a hot read sees of a request, whatever the runtime holds it in. */
export interface HotRequest {
  /** What the path says behind the route's own part; `""` where that is all. */
  readonly rest: string;
  /** Behind the question mark; `""` where there is none. */
  readonly query: string;
  readonly fields: HotFields;
}

/** An answer to a read; how it is sent is the runtime's. */
export interface HotAnswer {
  readonly status: 200 | 304;
  readonly requestId: string;
  readonly tag: string;
  readonly revision: number;
  readonly staleSeconds: number | undefined;
  readonly text: string | undefined;
  /** Of the text in UTF-8. */
  readonly bytes: number;
}

/** What memory holds, and nothing that could wait. */
export type HotDeps = Pick<Deps, "access" | "layers" | "metrics" | "settings">;

/**
 * Answers what it can answer at once, just as the route's handler would; undefined leaves it to that.
 * Throws nothing.
 */
export type HotHandler = (request: HotRequest, deps: HotDeps) => HotAnswer | undefined;

/** Answers a GET whose path and query are `target`, where a hot handler can. */
export type HotLane = (target: string, fields: HotFields, deps: HotDeps) => HotAnswer | undefined;

interface HotRoute {
  readonly contract: Pick<Contract, "method" | "operationId" | "path">;
  readonly hot?: HotHandler | undefined;
}

/**
 * Puts the hot handlers before the router: a router, a `Request` and a `Response` cost more than such
 * an answer itself. A path is that of a route, or ends in the route's one parameter.
 */
export const createHotLane = (routes: readonly HotRoute[]): HotLane => {
  const whole = new Map<string, HotRoute>();
  const open = new Map<string, HotRoute>();
  for (const route of routes) {
    const { method, path } = route.contract;
    if (route.hot === undefined) continue;
    const start = path.indexOf("{");
    const isFit = start === -1 || path.indexOf("}") === path.length - 1;
    if (method !== "get" || !isFit) throw new Error(`${path} cannot be answered before the router`);
    if (start === -1) whole.set(path, route);
    else open.set(path.slice(0, start), route);
  }
  return (target, fields, deps) => {
    const startedMs = performance.now();
    const mark = target.indexOf("?");
    const path = mark === -1 ? target : target.slice(0, mark);
    const restAt = path.lastIndexOf("/") + 1;
    const exact = whole.get(path);
    const route = exact ?? open.get(path.slice(0, restAt));
    if (route?.hot === undefined) return undefined;
    const rest = exact === undefined ? path.slice(restAt) : "";
    const query = mark === -1 ? "" : target.slice(mark + 1);
    const answer = route.hot({ rest, query, fields }, deps);
    if (answer === undefined) return undefined;
    const seconds = (performance.now() - startedMs) / 1_000;
    deps.metrics.observeRequest(route.contract.operationId, answer.status, seconds);
    return answer;
  };
};
