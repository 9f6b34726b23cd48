import type { RequestInfo } from "../context.ts";

const requestIdPattern = /^[A-Za-z0-9._-]{8,64}$/;
const maxUserAgentLength = 256;

/** A request's id (the client's `X-Request-Id`, where it is a plain one) and who sends it. */
export const requestInfo = (headers: Headers, address: string | undefined): RequestInfo => {
  return {
    id: requestId(headers.get("x-request-id") ?? undefined),
    address,
    userAgent: headers.get("user-agent")?.slice(0, maxUserAgentLength) ?? undefined,
    idempotency: undefined,
  };
};

/** The client's, where it is a plain one. */
export const requestId = (given: string | undefined): string =>
  given !== undefined && requestIdPattern.test(given) ? given : crypto.randomUUID();
