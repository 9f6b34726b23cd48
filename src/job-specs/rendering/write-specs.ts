import type { Point } from "../../outbox/consumer.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { announceSpecs } from "./announce-specs.ts";
import { jobSpecsConsumer } from "./consumer-name.ts";
import type { RenderedSpec } from "./render-batch.ts";
import { concernsLease, isGone, isRelabelled, isRow } from "./spec-differences.ts";
import { writeDependencies } from "./write-dependencies.ts";
import {
  deleteLeases,
  lockLeases,
  relabelLeases,
  tellHolders,
  writeLeases,
} from "./write-leases.ts";
import { deleteSpecs, insertVersions, noteRendered } from "./write-rows.ts";

interface Write {
  /** Of the consumer's holder: who was overtaken writes nothing. */
  readonly fence: number;
  /** The snapshot that the specs were rendered from. */
  readonly point: Point;
  readonly specs: readonly RenderedSpec[];
}

/**
 * Writes rendered specs, all of them or none: versions, dependencies, what webhooks are told, and leases.
 * Leases come last: who waits for their locks, such as a heartbeat, does not wait for a webhook's.
 */
export const writeSpecs = (sql: Sql, { fence, point, specs }: Write): Promise<void> =>
  inTransaction(sql, "read write", async (tx) => {
    await requireFence(tx, fence);
    const written = await writeRows(tx, point, specs);
    await announceSpecs(tx, point, written);
    const holders = await lockLeases(tx, written.filter(concernsLease));
    await deleteLeases(tx, written.filter(isGone));
    await writeLeases(tx, written);
    await relabelLeases(tx, written.filter(isRelabelled));
    await tellHolders(tx, holders);
  });

/** Answers those that were written: what somebody newer has made again is not gone. */
const writeRows = async (
  tx: Tx,
  point: Point,
  specs: readonly RenderedSpec[],
): Promise<readonly RenderedSpec[]> => {
  const deleted = await deleteSpecs(tx, point, specs.filter(isGone));
  const rendered = specs.filter((spec) => !isGone(spec));
  const inserted = await insertVersions(tx, point, rendered.filter(isRow));
  const noted = await noteRendered(
    tx,
    point,
    rendered.filter((spec) => !isRow(spec)),
  );
  // Where a newer renderer was here, what it left is looked at anew.
  if (inserted + noted < rendered.length) throw new Error("another renderer came between");
  await writeDependencies(tx, rendered);
  return specs.filter((spec) => !isGone(spec) || deleted.has(spec.attestation));
};

/** Whoever holds the consumer next has to wait until this is written. */
const requireFence = async (tx: Tx, fence: number): Promise<void> => {
  const rows = await tx`
    select from fairlead.consumers where name = ${jobSpecsConsumer} and fence = ${fence} for share`;
  if (rows.length === 0) throw new Error(`somebody else drains ${jobSpecsConsumer}`);
};
