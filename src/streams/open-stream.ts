import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { OpenLive } from "../http/live.ts";
import { requireStream } from "./require-stream.ts";
import type { StreamFilter } from "./stream-filter.ts";

/**
 * A stream of what changes, for whatever it is sent over.
 *
 * @param after the id of the last event that the client has; absent: from now on
 * @throws Problem `NOT_FOUND`, `RATE_LIMITED`, `UNAVAILABLE`
 */
export const openStream = async (
  ctx: Ctx,
  filter: StreamFilter,
  after: string | undefined,
): Promise<OpenLive> => {
  await requireStream(ctx, filter);
  const { actor, authentication, defaults, expiresAt, log, name, permissions, sql, streams } = ctx;
  if (streams === undefined) {
    throw new Problem("UNAVAILABLE", "This runtime has no streams: ask a Node or Deno process.");
  }
  // Not the whole context: what is in this object is kept as long as the stream.
  const identity = { actor, authentication, defaults, expiresAt, name, permissions };
  streams.admit(identity);
  return (outlet) => streams.open({ identity, filter, after, deps: { log, sql } }, outlet);
};
