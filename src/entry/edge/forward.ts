import { Problem } from "../../errors.ts";

/** How long the origin may take until its answer begins; a large change set takes its time. */
const readTimeoutMs = 10_000;
const writeTimeoutMs = 120_000;

/**
 * Hands a request to the origin. It is sent once: whether to try again is the client's to say.
 *
 * @throws Problem `UNAVAILABLE` where no answer begins in time
 */
export const forward = async (origin: string, request: Request): Promise<Response> => {
  const { pathname, search } = new URL(request.url);
  const target = new URL(origin);
  target.pathname = target.pathname.replace(/\/$/, "") + pathname;
  target.search = search;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), isRead ? readTimeoutMs : writeTimeoutMs);
  try {
    const { signal } = patience;
    const forwarded = new Request(target, request);
    // What a client says of itself there is worth nothing; Cloudflare knows its address.
    for (const name of ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]) {
      forwarded.headers.delete(name);
    }
    const address = request.headers.get("cf-connecting-ip");
    if (address !== null) forwarded.headers.set("x-forwarded-for", address);
    // Bodies pass as they come, streams without end too; a redirect is the client's to follow.
    return await fetch(forwarded, { redirect: "manual", signal });
  } catch (cause) {
    throw new Problem("UNAVAILABLE", "The origin of this edge does not answer.", {
      cause,
      headers: { "retry-after": "1" },
    });
  } finally {
    clearTimeout(timer);
  }
};
