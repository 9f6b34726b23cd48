import { z } from "zod";
import { type Ctx, requirePermission } from "../context.ts";
import { type ParkedEvent, readParked } from "../outbox/parked-events.ts";
import { type ConsumerStatus, readConsumers, readOutboxExtent } from "../outbox/read-consumers.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";

interface ListOutboxInput extends PageInput {
  /** Only what this one has parked. */
  readonly consumer?: string | undefined;
}

interface OutboxState extends Page<ParkedEvent> {
  readonly epoch: string;
  readonly revision: number;
  readonly retention: {
    readonly oldestRevision: number | null;
    readonly oldestAt: string | null;
    readonly windowDays: number;
  };
  readonly consumers: readonly ConsumerStatus[];
}

const position = z.tuple([z.string(), z.int().positive()]);

/** How the consumers are doing, what the outbox still holds, and what is parked, as a list. */
export const listOutbox = async (
  ctx: Ctx,
  { consumer, cursor, limit }: ListOutboxInput,
): Promise<OutboxState> => {
  requirePermission(ctx, "outbox.redrive");
  const after = decodeCursor(cursor, position);
  const start = after && { consumer: after[0], revision: after[1] };
  const [consumers, extent, parked] = await Promise.all([
    readConsumers(ctx.sql),
    readOutboxExtent(ctx.sql),
    readParked(ctx.sql, { consumer, start, count: limit + 1 }),
  ]);
  const { epoch, oldestAt, oldestRevision, revision } = extent;
  return {
    epoch,
    revision,
    retention: { oldestRevision, oldestAt, windowDays: ctx.settings.streamWindowDays },
    consumers,
    ...pageFrom(parked, limit, (one) => [one.consumer, one.revision]),
  };
};
