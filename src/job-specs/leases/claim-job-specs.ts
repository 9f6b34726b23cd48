import { recordReplay, reserveReplay } from "../../changes/record-replay.ts";
import type { Ctx } from "../../context.ts";
import type { KeyFilter } from "../../permissions/key-filter.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { findCandidates } from "./find-candidates.ts";
import { heldLeases, type LeasedSpec } from "./leased-spec.ts";
import { othersRuntime } from "./runtime-row.ts";
import { type TakeQuery, takeSpecs } from "./take-specs.ts";
import { withContent } from "./with-content.ts";

interface ClaimInput {
  readonly runtime: string;
  readonly limit: number;
  readonly leaseSeconds: number;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What is kept of a claim's answer: what the specs say may have changed when it is asked for again. */
type ClaimedFences = readonly (readonly [id: string, fence: number])[];

/**
 * Leases free job specs to a runtime, the oldest due first, and no more than it may hold, and than an
 * answer has room for. A claim that
 * is repeated with its Idempotency-Key is answered with what it took and the runtime still has.
 *
 * @throws Problem `FORBIDDEN` (also for a runtime's name that belongs to another key),
 *   `IDEMPOTENCY_KEY_REUSED`
 */
export const claimJobSpecs = async (
  ctx: Ctx,
  input: ClaimInput,
): Promise<{ readonly jobSpecs: readonly LeasedSpec[] }> => {
  const filter = attestationKeys(ctx, "job-specs.lease");
  const query: TakeQuery = {
    ...input,
    labels: input.labels,
    keyId: ctx.actor.id,
    most: ctx.settings.maxSpecsPerRuntime,
    ids: filter.permits === "all" ? undefined : await findCandidates(ctx.sql, filter, input),
  };
  if (ctx.request.idempotency !== undefined) {
    return { jobSpecs: await claimOnce(ctx, query, filter) };
  }
  return { jobSpecs: (await claim(ctx.sql, query)) ?? (await claimInTurn(ctx, query)) };
};

/** Undefined where another claim or heartbeat of the runtime came between. */
const claim = async (
  sql: Sql | Tx,
  query: TakeQuery,
): Promise<readonly LeasedSpec[] | undefined> => {
  const { isAlone, isBound, isCurrent, specs } = await takeSpecs(sql, query);
  if (!isBound) throw othersRuntime(query.runtime);
  if (!isAlone) return undefined;
  return isCurrent ? specs : stillHeld(sql, query.runtime, fencesOf(specs));
};

const claimInTurn = ({ sql }: Ctx, query: TakeQuery): Promise<readonly LeasedSpec[]> =>
  inTransaction(sql, "read write", async (tx) => {
    await holdTurn(tx, query);
    return (await claim(tx, query)) ?? [];
  });

const claimOnce = (ctx: Ctx, query: TakeQuery, filter: KeyFilter): Promise<readonly LeasedSpec[]> =>
  inTransaction(ctx.sql, "read write", async (tx) => {
    const { runtime } = query;
    const replay = await reserveReplay(tx, ctx);
    await holdTurn(tx, query);
    if (replay !== undefined) {
      return stillHeld(tx, runtime, replay.result as ClaimedFences, filter);
    }
    const specs = (await claim(tx, query)) ?? [];
    await recordReplay(tx, ctx, fencesOf(specs));
    return specs;
  });

/** Claims nothing: what else concerns the runtime has to wait. */
const holdTurn = async (tx: Tx, query: TakeQuery): Promise<void> => {
  await claim(tx, { ...query, limit: 0 });
};

const fencesOf = (specs: readonly LeasedSpec[]): ClaimedFences =>
  specs.map(({ fence, id }) => [id, fence]);

const stillHeld = async (
  sql: Sql | Tx,
  runtime: string,
  claimed: ClaimedFences,
  filter?: KeyFilter,
): Promise<readonly LeasedSpec[]> => {
  const fences = new Map(claimed);
  const held = await heldLeases(sql, runtime);
  const leases = held.filter(
    ({ attestation, fence, id }) =>
      fences.get(id) === fence && (filter === undefined || filter.allows(attestation)),
  );
  return withContent(sql, leases);
};
