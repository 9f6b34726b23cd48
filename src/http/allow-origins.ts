import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

const allowMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

const allowHeaders = [
  "Authorization",
  "X-API-Key",
  "Content-Type",
  "If-Match",
  "If-None-Match",
  "Idempotency-Key",
  "X-Request-Id",
  "Last-Event-ID",
];

const exposeHeaders = [
  "ETag",
  "Config-Revision",
  "Config-Stale",
  "Link",
  "Retry-After",
  "X-Request-Id",
  "WWW-Authenticate",
];

/**
 * Lets scripts of some origins read answers; nobody's cookies are involved. With no origins it does
 * nothing at all. Any other origin's requests are answered as if they came from no browser.
 */
export const allowOrigins = (originsOf: (c: Context) => readonly string[]): MiddlewareHandler => {
  const handle = cors({
    origin: (origin) => origin,
    allowMethods,
    allowHeaders,
    exposeHeaders,
    maxAge: 600,
  });
  return async (c, next) => {
    const origins = originsOf(c);
    if (origins.length === 0) return next();
    const origin = c.req.header("origin");
    // Hono's middleware would answer the preflight of any origin, if without the leave.
    if (origin !== undefined && origins.includes(origin)) return handle(c, next);
    await next();
    c.res.headers.append("vary", "Origin");
  };
};
