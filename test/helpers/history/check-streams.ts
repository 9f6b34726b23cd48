import type {
  History,
  StoredChange,
  StoreRecord,
  StreamChange,
  StreamFilter,
  StreamRecord,
  StreamStep,
  Violation,
} from "./history.ts";
import { createTimeline, layersOf } from "./timeline.ts";

const gap = "a stream has no gap";
const back = "no connection goes back";

/** Whatever concerns a stream up to the id that it was told is in an event, or a `reset` came in its place. */
export const checkStreams = ({ mayReset, settled, store, streams }: History): Violation[] =>
  streams.flatMap((stream) => {
    const told = [
      ...checkSteps(stream, store, settled),
      ...(mayReset ? [] : checkResets(stream)),
    ].map(({ detail, rule }) => ({
      rule,
      detail: `${JSON.stringify(stream.filter)}: ${detail}`,
    }));
    return [...told, ...(stream.filter.values ? checkValues(stream, store) : [])];
  });

const checkSteps = (
  { filter, steps }: StreamRecord,
  store: StoreRecord,
  settled: number,
): Violation[] => {
  const concerned = Map.groupBy(
    store.log.filter((change) => concerns(filter, change)),
    ({ revision }) => revision,
  );
  const revisions = [...concerned.keys()];
  const found: Violation[] = [];
  let at = steps[0]?.revision ?? 0;
  let next = revisions.findIndex((revision) => revision > at);
  if (next === -1) next = revisions.length;
  for (const step of steps) {
    // Nothing is known of what was before the history.
    if (step.revision <= store.base.revision && step.revision >= at) {
      at = step.revision;
      continue;
    }
    if (
      step.revision < at ||
      (step.event === "change" && step.revision === at && step !== steps[0])
    ) {
      found.push({ rule: back, detail: `${step.event ?? "id"} ${step.revision} after ${at}` });
    }
    const upTo = step.event === "change" ? step.revision - 1 : step.revision;
    while ((revisions[next] ?? Number.POSITIVE_INFINITY) <= upTo) {
      if (step.event !== "reset") {
        found.push({ rule: gap, detail: `${revisions[next]} is missing before ${step.revision}` });
      }
      next += 1;
    }
    if (step.event === "change") {
      const fault = compare(step, concerned.get(step.revision) ?? []);
      if (fault)
        found.push({ rule: gap, detail: `the event ${step.revision} is not what happened` });
      if (revisions[next] === step.revision) next += 1;
    }
    at = Math.max(at, step.revision);
  }
  if (at < settled) found.push({ rule: gap, detail: `it ends at ${at}, before ${settled}` });
  return found;
};

const checkResets = ({ steps }: StreamRecord): Violation[] =>
  steps
    .filter(({ event }) => event === "reset")
    .map(({ revision }) => ({
      rule: "a stream is not reset without need",
      detail: `it is reset at ${revision}`,
    }));

const concerns = (filter: StreamFilter, { app, environment, key }: StoredChange): boolean =>
  key.startsWith(filter.prefix) &&
  layersOf(filter).some((layer) => layer.app === app && layer.environment === environment);

const textOf = (change: StoredChange | StreamChange): string => {
  const op = "op" in change ? change.op : change.value === undefined ? "delete" : "put";
  return [op, change.app, change.environment, change.key, change.version].join(" ");
};

const compare = ({ changes }: StreamStep, stored: readonly StoredChange[]): boolean =>
  changes.map(textOf).sort().join() !== stored.map(textOf).sort().join();

/** An event carries a value that is effective at its revision or was so later: those of now. */
const checkValues = ({ filter, steps }: StreamRecord, store: StoreRecord): Violation[] => {
  const timeline = createTimeline(store);
  const lastSeen = new Map<string, number>();
  const note = (key: string, revision: number): void => {
    lastSeen.set(`${key}=${timeline.effective(filter).get(key)?.value ?? null}`, revision);
  };
  for (const change of store.log) {
    note(change.key, change.revision - 1);
    timeline.moveTo(change.revision);
    note(change.key, Number.POSITIVE_INFINITY);
  }
  return steps.flatMap(({ changes, revision }) =>
    changes
      .filter(() => revision > store.base.revision)
      .filter(({ key, value }) => !((lastSeen.get(`${key}=${String(value)}`) ?? -1) >= revision))
      .map(({ key }) => ({
        rule: gap,
        detail: `the value of ${key} at ${revision} is an older one`,
      })),
  );
};
