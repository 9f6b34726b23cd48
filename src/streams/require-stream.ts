import type { Ctx } from "../context.ts";
import { refuseMissingScope, requireReadableScope, requireScope } from "../layers/require-scope.ts";
import { streamedKind } from "./recent-changes.ts";
import type { StreamFilter } from "./stream-filter.ts";

/**
 * Refuses a stream about what does not exist, or does not for this caller.
 *
 * @throws Problem `NOT_FOUND`
 */
export const requireStream = async (ctx: Ctx, filter: StreamFilter): Promise<void> => {
  requireReadableScope(ctx, streamedKind, filter);
  const { layers, sql } = ctx;
  if (layers === undefined) await requireScope(ctx, filter);
  else refuseMissingScope(filter, await layers.existing(sql, filter));
};
