import type { Point, StateTarget } from "../../outbox/consumer.ts";
import { inTransaction } from "../../platform/transaction.ts";
import type { Signer } from "../signing/dsse.ts";
import { openSigner } from "../signing/open-signer.ts";
import { findTouched, findUnrendered, nextStep } from "./find-touched.ts";
import { readBatch } from "./read-batch.ts";
import { type RenderedSpec, renderBatch } from "./render-batch.ts";
import { writeSpecs } from "./write-specs.ts";

const batchSize = 200;
/** What is written at once; one spec may be larger. */
const maxWriteBytes = 8 * 1024 * 1024;

/**
 * Brings the job specs up to date: renders what the changes after the cursor touch, in batches of which
 * each is read from one snapshot and written in one transaction. After a crash the next one goes on; what
 * was written is not rendered again. Answers the point up to which everything is rendered.
 */
export const renderJobSpecs = async (target: StateTarget): Promise<Point> => {
  const { cursor, newest, signal, sql } = target;
  const isAnew = cursor.epoch !== newest.epoch || cursor.revision === 0;
  const to = isAnew ? newest : await nextStep(sql, cursor.revision, newest);
  const names = isAnew
    ? await findUnrendered(sql, to)
    : await findTouched(sql, { after: cursor.revision, to });
  if (names.length === 0) return to;
  const signer = await openSigner(sql);
  for (let from = 0; from < names.length; from += batchSize) {
    signal.throwIfAborted();
    await renderNames(target, signer, names.slice(from, from + batchSize));
  }
  return to;
};

/** Halves what is too large to be held; one that is too large by itself is marked so. */
const renderNames = async (
  target: StateTarget,
  signer: Signer,
  names: readonly string[],
): Promise<void> => {
  const { fence, sql } = target;
  const batch = await inTransaction(sql, "isolation level repeatable read read only", (tx) =>
    readBatch(tx, names),
  );
  if (batch.sourcesOf === undefined && names.length > 1) {
    const middle = names.length >>> 1;
    await renderNames(target, signer, names.slice(0, middle));
    return renderNames(target, signer, names.slice(middle));
  }
  const { point } = batch;
  let specs: RenderedSpec[] = [];
  let bytes = 0;
  for await (const spec of renderBatch(batch, signer)) {
    specs.push(spec);
    bytes += spec.bytes;
    if (bytes < maxWriteBytes) continue;
    await writeSpecs(sql, { fence, point, specs });
    specs = [];
    bytes = 0;
  }
  if (specs.length > 0) await writeSpecs(sql, { fence, point, specs });
};
