import type { ReadRecord, WriteRecord } from "./history.ts";

/** The newest revision that some client had been told before a time. */
export const revisionsKnownBefore = (
  writes: readonly WriteRecord[],
  reads: readonly ReadRecord[],
): ((timeMs: number) => number) => {
  const told = [
    ...writes.flatMap(({ endMs, outcome }) =>
      outcome.kind === "acknowledged" ? [{ endMs, revision: outcome.revision }] : [],
    ),
    ...reads.filter(({ status }) => status === 200),
  ].sort((one, other) => one.endMs - other.endMs);
  const newest: number[] = [];
  for (const { revision } of told) newest.push(Math.max(revision, newest.at(-1) ?? 0));
  return (timeMs) => {
    let low = 0;
    let high = told.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((told[middle]?.endMs ?? 0) < timeMs) low = middle + 1;
      else high = middle;
    }
    return newest[low - 1] ?? 0;
  };
};
