import type { History, ReadRecord, Violation } from "./history.ts";
import { revisionsKnownBefore } from "./known-revisions.ts";
import { createTimeline, type Effective } from "./timeline.ts";

/**
 * Reads are of one revision each, and revisions are in one order for all keys: so a strong read is
 * linearizable where it shows the state at its revision, and that is none that was over when it began.
 */
export const checkReads = ({ maxStalenessMs, reads, store, writes }: History): Violation[] => {
  const known = revisionsKnownBefore(writes, reads);
  const answered = reads.filter(({ status }) => status === 200);
  const wrong = reads.filter(({ status }) => status !== 200 && status !== 503);
  return [
    ...wrong.map(
      (read): Violation => ({ rule: "an answer is 200 or 503", detail: describe(read) }),
    ),
    ...answered.flatMap((read) => checkFreshness(read, known(read.startMs))),
    ...answered.flatMap((read) => checkStaleness(read, known(read.startMs - maxStalenessMs))),
    ...checkConnections(answered),
    ...checkStates(answered, store),
  ];
};

const checkFreshness = (read: ReadRecord, known: number): Violation[] => {
  const { minRevision = 0, mode, revision } = read;
  const found: Violation[] = [];
  if (revision < minRevision) {
    found.push({ rule: "a read with minRevision is not older", detail: describe(read) });
  }
  if (mode === "strong" && revision < known) {
    const detail = `${describe(read)}, and ${known} was known before`;
    found.push({ rule: "a strong read is not older than what was known before it", detail });
  }
  return found;
};

const checkStaleness = (read: ReadRecord, promised: number): Violation[] => {
  if (read.isStale || read.revision >= promised) return [];
  const detail = `${describe(read)}, and ${promised} was known long before`;
  return [{ rule: "a read older than promised says so", detail }];
};

const checkConnections = (reads: readonly ReadRecord[]): Violation[] => {
  const found: Violation[] = [];
  for (const ofOne of Map.groupBy(reads, ({ connection }) => connection).values()) {
    for (const [index, read] of ofOne.entries()) {
      const before = ofOne[index - 1]?.revision ?? 0;
      if (read.revision >= before) continue;
      const detail = `${describe(read)}, after ${before}`;
      found.push({ rule: "no connection goes back", detail });
    }
  }
  return found;
};

const checkStates = (reads: readonly ReadRecord[], store: History["store"]): Violation[] => {
  const timeline = createTimeline(store);
  const found: Violation[] = [];
  // A process that starts with what it last knew may show what was before the history.
  const within = reads.filter(({ revision }) => revision >= store.base.revision);
  for (const read of within.sort((one, other) => one.revision - other.revision)) {
    if (read.revision > store.newest) {
      found.push({ rule: "a read shows the state at its revision", detail: describe(read) });
      continue;
    }
    timeline.moveTo(read.revision);
    const fault = compare(read, timeline.effective(read));
    if (fault === undefined) continue;
    const detail = `${describe(read)}: ${fault}`;
    found.push({ rule: "a read shows the state at its revision", detail });
  }
  return found;
};

const compare = ({ one, values }: ReadRecord, effective: Effective): string | undefined => {
  const shown = Object.entries(values);
  const wrong = shown.find(([key, value]) => effective.get(key)?.value !== value);
  if (wrong !== undefined) {
    return `${wrong[0]} is ${wrong[1].slice(0, 40)}, not ${effective.get(wrong[0])?.value.slice(0, 40)}`;
  }
  if (one === undefined) {
    return shown.length === effective.size ? undefined : `${effective.size} keys are expected`;
  }
  const version = effective.get(one.key)?.version;
  return one.version === version ? undefined : `its version is ${one.version}, not ${version}`;
};

const describe = ({
  app,
  environment,
  minRevision,
  mode,
  one,
  revision,
  status,
  ...read
}: ReadRecord) =>
  `${mode} read of ${app}/${environment} ${one?.key ?? "*"} on connection ${read.connection} at ${Math.round(read.startMs)}-${Math.round(read.endMs)} ms: ${status}, revision ${revision}${minRevision === undefined ? "" : ` (at least ${minRevision})`}`;
