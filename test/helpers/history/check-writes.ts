import type { History, StoredChange, Violation, WriteRecord, WrittenOperation } from "./history.ts";
import { revisionsKnownBefore } from "./known-revisions.ts";

const rule = "a write happens once and whole, as it was acknowledged";

/** Every change set in the store is one client's write, whole; every answer says what became of it. */
export const checkWrites = ({ reads, run, store, writes }: History): Violation[] => {
  const byToken = new Map(writes.map((write) => [write.token, write]));
  const happened = new Map<string, number>();
  const found: Violation[] = [];
  for (const [revision, changes] of Map.groupBy(store.log, (change) => change.revision)) {
    const token = tokenOf(changes);
    if (token === undefined || !token.startsWith(`${run}/`)) continue;
    const write = byToken.get(token);
    const before = happened.get(token);
    happened.set(token, revision);
    if (write === undefined) found.push({ rule, detail: `nobody wrote ${token} (${revision})` });
    else if (before !== undefined) {
      found.push({ rule, detail: `${token} happened at ${before} and at ${revision}` });
    } else {
      const fault = compare(write, revision, changes);
      if (fault !== undefined) found.push({ rule, detail: `${token} at ${revision}: ${fault}` });
    }
  }
  const lost = writes.filter(
    ({ outcome, token }) => outcome.kind === "acknowledged" && !happened.has(token),
  );
  for (const { token } of lost)
    found.push({ rule, detail: `${token} was acknowledged and is lost` });
  return [...found, ...checkRefusals(writes), ...checkOrder(writes, reads)];
};

const tokenOf = (changes: readonly StoredChange[]): string | undefined =>
  changes.find(({ value }) => value !== undefined)?.value?.split(" ")[0];

const describe = ({ app, environment, key, value }: WrittenOperation | StoredChange): string =>
  JSON.stringify([app, environment, key, value ?? null]);

const compare = (
  { operations, outcome }: WriteRecord,
  revision: number,
  changes: readonly StoredChange[],
): string | undefined => {
  if (outcome.kind === "refused") return `it was refused with ${outcome.status}`;
  const stored = new Map(changes.map((change) => [describe(change), change.version]));
  const versions = operations.map((operation) => stored.get(describe(operation)));
  if (versions.includes(undefined) || changes.length !== operations.length) return "it is torn";
  for (const [index, { expectedVersion, key }] of operations.entries()) {
    if (expectedVersion !== undefined && versions[index] !== expectedVersion + 1) {
      return `${key} expected version ${expectedVersion} and became ${versions[index]}`;
    }
  }
  if (outcome.kind !== "acknowledged") return undefined;
  if (outcome.revision !== revision) return `it was acknowledged as ${outcome.revision}`;
  const isSame = outcome.versions.join() === versions.join();
  return isSame ? undefined : `it was acknowledged with versions ${outcome.versions.join()}`;
};

/** Nothing is refused but a comparison that was lost, and what is to be deleted and is not there. */
const checkRefusals = (writes: readonly WriteRecord[]): Violation[] =>
  writes.flatMap(({ operations, outcome, token }) => {
    if (outcome.kind !== "refused") return [];
    const { status } = outcome;
    const isLost = operations.some(({ expectedVersion }) => expectedVersion !== undefined);
    const isAbsent = operations.some(({ op }) => op === "delete");
    if ((status === 409 && isLost) || (status === 404 && isAbsent)) return [];
    return [{ rule, detail: `${token} was refused with ${status}` } satisfies Violation];
  });

/** What begins after something is known comes after it. */
const checkOrder = (writes: readonly WriteRecord[], reads: History["reads"]): Violation[] => {
  const known = revisionsKnownBefore(writes, reads);
  return writes.flatMap(({ outcome, startMs, token }) => {
    if (outcome.kind !== "acknowledged" || outcome.revision > known(startMs)) return [];
    const detail = `${token} is ${outcome.revision}, and ${known(startMs)} was known before it`;
    return [{ rule, detail } satisfies Violation];
  });
};
