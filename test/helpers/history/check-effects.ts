import type { CacheRecord, History, StoreRecord, Violation } from "./history.ts";
import { createTimeline } from "./timeline.ts";

const complete = "a consumer's effects are complete";
const whole = "the shared cache is whole";

/** What consumers brought about, and what the shared cache showed while and after they did. */
export const checkEffects = ({ cache, effects, settled, store }: History): Violation[] => [
  ...checkEvents(effects.events, store.base.revision, settled),
  ...checkCopy(effects.copy, settled),
  ...checkCache(cache, store),
  ...checkCache([effects.cache], store),
  ...checkCacheIsNewest(effects.cache, settled),
];

const checkEvents = (events: readonly number[], base: number, settled: number): Violation[] => {
  // Again is allowed, and so is what was in flight before the base.
  const first = [...new Set(events)].filter((one) => one > base && one <= settled);
  const expected = Array.from({ length: settled - base }, (_, index) => base + 1 + index);
  if (first.join() === expected.join()) return [];
  const there = new Set(first);
  const missing = expected.filter((revision) => !there.has(revision));
  const detail =
    missing.length === 0 ? "events came out of order" : `no event of ${missing.join()}`;
  return [{ rule: complete, detail }];
};

const checkCopy = (copy: number, settled: number): Violation[] =>
  copy >= settled ? [] : [{ rule: complete, detail: `the copy is at ${copy}, not at ${settled}` }];

const checkCacheIsNewest = (cache: CacheRecord, settled: number): Violation[] =>
  cache.kind === "set" && cache.revision < settled
    ? [{ rule: complete, detail: `the cache is at ${cache.revision}, not at ${settled}` }]
    : [];

/** Every set is the state of its layers at its revision. */
const checkCache = (records: readonly CacheRecord[], store: StoreRecord): Violation[] => {
  const broken = records.filter((record) => record.kind === "broken");
  const sets = records
    .filter((record) => record.kind === "set")
    .filter(({ revision }) => revision >= store.base.revision && revision <= store.newest)
    .sort((one, other) => one.revision - other.revision);
  const timeline = createTimeline(store);
  const torn = sets.flatMap(({ layers, revision }) => {
    timeline.moveTo(revision);
    return layers
      .filter((layer) => textOf(layer.entries) !== textOf(timeline.layer(layer)))
      .map(({ app, environment }) => `${app}/${environment} at ${revision} is not what was there`);
  });
  return [...broken.map(({ detail }) => detail), ...torn].map((detail) => ({
    rule: whole,
    detail,
  }));
};

const textOf = (entries: StoreRecord["base"]["entries"]): string =>
  entries
    .map(({ key, value, version }) => JSON.stringify([key, version, value ?? null]))
    .sort()
    .join();
