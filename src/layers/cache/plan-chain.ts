import type { DeltaRef, LayerHead } from "./layer-cache.ts";

/** So many deltas of one level are merged into one of the next. */
const deltasPerLevel = 8;

/** Below this a full document is as cheap as a delta. */
const alwaysFullBytes = 4 * 1024;

export type ChainPlan =
  | { readonly kind: "full" }
  /** A delta that takes in so many of those at the end of the chain. */
  | { readonly kind: "delta"; readonly merged: readonly DeltaRef[]; readonly level: number };

/**
 * How a layer's next document is made. A delta costs its own size, and what merging adds to it; a full
 * document is due when the deltas together are half as large, since whoever starts reads both.
 */
export const planChain = (head: LayerHead, deltaBytes: number): ChainPlan => {
  const { deltas, full } = head;
  const chainBytes = deltas.reduce((sum, { bytes }) => sum + bytes, deltaBytes);
  if (full.bytes <= alwaysFullBytes || chainBytes > full.bytes / 2) return { kind: "full" };
  let level = 0;
  let start = deltas.length;
  for (;;) {
    let first = start;
    while (deltas[first - 1]?.level === level) first -= 1;
    if (start - first < deltasPerLevel - 1) break;
    start = first;
    level += 1;
  }
  return { kind: "delta", merged: deltas.slice(start), level };
};
