import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../../test/helpers/effort.ts";
import type { DeltaRef, LayerHead } from "./layer-cache.ts";
import { planChain } from "./plan-chain.ts";

const full = { revision: 1, hash: "", bytes: 1_000_000 };

/** Publishes deltas of these sizes one after another; a merged one is as large as its parts. */
const grow = (start: LayerHead, sizes: readonly number[]) => {
  let head = start;
  let written = 0;
  let longest = 0;
  let fulls = 0;
  for (const [index, bytes] of sizes.entries()) {
    const revision = index + 2;
    const plan = planChain(head, bytes);
    if (plan.kind === "full") {
      head = { changedAt: revision, full: { ...full, revision }, deltas: [] };
      fulls += 1;
    } else {
      const { level, merged } = plan;
      expect(head.deltas.slice(head.deltas.length - merged.length)).toEqual(merged);
      const size = merged.reduce((sum, one) => sum + one.bytes, bytes);
      const delta: DeltaRef = { revision, hash: "", bytes: size, level };
      const kept = head.deltas.slice(0, head.deltas.length - merged.length);
      head = { ...head, changedAt: revision, deltas: [...kept, delta] };
      written += size;
    }
    longest = Math.max(longest, head.deltas.length);
  }
  return { head, written, longest, fulls };
};

const fresh: LayerHead = { changedAt: 1, full, deltas: [] };
const sizesOf = fc.array(fc.integer({ min: 100, max: 20_000 }), { maxLength: 400 });

describe("the plan of a chain", () => {
  it("keeps the chain short, and the deltas below half of the full document", () => {
    fc.assert(
      fc.property(sizesOf, (sizes) => {
        const { head, longest } = grow(fresh, sizes);
        const bytes = head.deltas.reduce((sum, delta) => sum + delta.bytes, 0);
        expect(bytes).toBeLessThanOrEqual(full.bytes / 2);
        expect(longest).toBeLessThanOrEqual(
          7 * Math.ceil(Math.log(sizes.length + 8) / Math.log(8)),
        );
      }),
      { numRuns: 200 * effort },
    );
  });

  it("writes each change a few times, however many there are", () => {
    const sizes = Array.from({ length: 1_600 }, () => 300);
    const { fulls, written } = grow(fresh, sizes);
    expect(fulls).toBe(0);
    // Once by itself, and once for each level that it has risen to.
    expect(written).toBeLessThanOrEqual(1_600 * 300 * 5);
  });

  it("writes a full document where deltas would not pay", () => {
    expect(planChain({ ...fresh, full: { ...full, bytes: 2_000 } }, 10).kind).toBe("full");
    expect(planChain(fresh, 600_000).kind).toBe("full");
    expect(planChain(fresh, 400_000).kind).toBe("delta");
  });
});
