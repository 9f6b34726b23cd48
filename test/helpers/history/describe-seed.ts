import type { SeedResult } from "./run-seed.ts";

const shownViolations = 10;

/** What a seed has done and found, in some lines. */
export const describeSeed = ({ history, plan, seconds, seed, violations }: SeedResult): string => {
  const { reads, store, streams, writes } = history;
  const writesBy = (kind: string): number =>
    writes.filter(({ outcome }) => outcome.kind === kind).length;
  const readsBy = (mode: string): number =>
    reads.filter((read) => read.mode === mode && read.status === 200).length;
  const told = streams.flatMap(({ steps }) => steps);
  const events = (name: string): number => told.filter(({ event }) => event === name).length;
  return [
    `seed ${seed}: ${violations.length === 0 ? "kept" : `${violations.length} BROKEN`} in ${seconds.toFixed(1)} s`,
    `  ${store.newest - store.base.revision} revisions; writes ${writesBy("acknowledged")} acknowledged, ${writesBy("refused")} refused, ${writesBy("unknown")} unknown`,
    `  reads ${readsBy("default")} default, ${readsBy("minRevision")} with minRevision, ${readsBy("strong")} strong, ${reads.filter(({ status }) => status === 503).length} unavailable; ${events("change")} events, ${events("reset")} resets; ${history.cache.length} states of the cache`,
    `  ${plan.map((step) => step.join(" and ")).join("; ")}`,
    ...violations.slice(0, shownViolations).map(({ detail, rule }) => `  ! ${rule}: ${detail}`),
  ].join("\n");
};
