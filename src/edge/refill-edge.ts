import { idempotencyNames, replayOf } from "../changes/idempotency.ts";
import { readSnapshot } from "../changes/read-state.ts";
import { recordChange } from "../changes/record-change.ts";
import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { inTransaction } from "../platform/transaction.ts";
import { configuredEdges } from "./configured-edges.ts";

interface Refill {
  readonly edge: string;
}

const askTimeoutMs = 5_000;

/**
 * Has everything published to an edge anew. The edge itself is told to look empty to publishers: whoever
 * publishes to it notices within some seconds, and readers are served what it has until all is there. It
 * is told before that is written down, and may be told again.
 *
 * @throws Problem `NOT_FOUND` for an edge that is not configured, `UNAVAILABLE` where it does not answer
 */
export const refillEdge = async (ctx: Ctx, { edge }: Refill): Promise<Refill> => {
  requirePermission(ctx, "outbox.redrive");
  const configured = configuredEdges(ctx.settings).find(({ host }) => host === edge);
  if (configured === undefined) {
    throw new Problem("NOT_FOUND", `No edge "${edge}" is configured in this process.`);
  }
  const replay = await replayed(ctx);
  if (replay !== undefined) return replay;
  try {
    await configured.connect({ timeoutMs: askTimeoutMs, attempts: 1 }).send({ op: "reset" });
  } catch (cause) {
    throw new Problem("UNAVAILABLE", `The edge "${edge}" does not answer as it should.`, {
      cause,
      headers: { "retry-after": "5" },
    });
  }
  return inTransaction(ctx.sql, "read write", async (tx) => {
    const { now } = await readSnapshot(tx, queryOf(ctx));
    const result = { edge };
    await recordChange(tx, ctx, { action: "edges.refill", detail: result, result, now });
    return result;
  });
};

const queryOf = (ctx: Ctx) => ({
  operations: [],
  idempotencyNames: idempotencyNames(ctx),
  catalogue: undefined,
});

/** A repeated request must not begin a fill that the first one has seen to its end. */
const replayed = async (ctx: Ctx): Promise<Refill | undefined> => {
  const { replays } = await inTransaction(ctx.sql, "read write", (tx) =>
    readSnapshot(tx, queryOf(ctx)),
  );
  return replayOf(ctx, replays)?.result as Refill | undefined;
};
