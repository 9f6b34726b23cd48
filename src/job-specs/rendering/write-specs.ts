import type { Point } from "../../outbox/consumer.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { announceSpecs } from "./announce-specs.ts";
import { jobSpecsConsumer } from "./consumer-name.ts";
import type { RenderedSpec } from "./render-batch.ts";
import { writeDependencies } from "./write-dependencies.ts";
import { lockLeases, relabelLeases, tellHolders, writeLeases } from "./write-leases.ts";
import { deleteSpecs, insertVersions, noteRendered } from "./write-rows.ts";

interface Write {
  /** Of the consumer's holder: who was overtaken writes nothing. */
  readonly fence: number;
  /** The snapshot that the specs were rendered from. */
  readonly point: Point;
  readonly specs: readonly RenderedSpec[];
}

/** Writes rendered specs, all of them or none: versions, dependencies, leases, and who is told. */
export const writeSpecs = (sql: Sql, { fence, point, specs }: Write): Promise<void> =>
  inTransaction(sql, "read write", async (tx) => {
    await requireFence(tx, fence);
    const holders = await lockLeases(tx, specs.filter(concernsLease));
    await deleteSpecs(tx, point, specs.filter(isGone));
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
    await writeLeases(tx, rendered);
    await relabelLeases(tx, rendered.filter(isRelabelled));
    await tellHolders(tx, holders);
    await announceSpecs(tx, point, specs);
  });

const isGone = ({ change }: RenderedSpec): boolean => change.to === "gone";

/** What is written as a row of its own, new or in place of the version before. */
const isRow = ({ change, stored }: RenderedSpec): boolean =>
  change.to === "version" || (change.to === "failed" && stored === undefined);

/** Whoever holds the consumer next has to wait until this is written. */
const requireFence = async (tx: Tx, fence: number): Promise<void> => {
  const rows = await tx`
    select from fairlead.consumers where name = ${jobSpecsConsumer} and fence = ${fence} for share`;
  if (rows.length === 0) throw new Error(`somebody else drains ${jobSpecsConsumer}`);
};

const concernsLease = (spec: RenderedSpec): boolean =>
  spec.stored !== undefined &&
  spec.stored.version > 0 &&
  (spec.change.to === "version" ||
    spec.change.to === "gone" ||
    isOtherError(spec) ||
    isRelabelled(spec));

const isOtherError = ({ change, stored }: RenderedSpec): boolean => {
  const error = change.to === "failed" ? change.error : undefined;
  return stored?.error !== (error?.message ?? null) || stored.errorPath !== (error?.path ?? null);
};

const isRelabelled = ({ change, intervalSeconds, labels, stored }: RenderedSpec): boolean =>
  (change.to === "same" || change.to === "failed") &&
  stored?.labels != null &&
  (stored.intervalSeconds !== intervalSeconds || !isSameLabels(stored.labels, labels));

const isSameLabels = (
  some: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(some).length === Object.keys(others).length &&
  Object.entries(some).every(
    ([name, value]) => Object.hasOwn(others, name) && others[name] === value,
  );
