import { layerNamesOf } from "../../src/layers/memory/layer-names.ts";
import type { CommittedEntry } from "../../src/layers/memory/memory-layer.ts";
import type { OpenedView, ReadPosition } from "../../src/layers/memory/reading.ts";
import type { Origin } from "./origin.ts";

/** Entries that have been compared with the origin's, which are the same objects each time. */
const compared = new WeakMap<CommittedEntry, CommittedEntry>();

/** What is wrong with an answer: it must be all that its revision says, and nothing else. */
export const tornBy = (
  origin: Origin,
  { app, environment, kind }: ReadPosition,
  { epoch, revision, view }: OpenedView,
): string | undefined => {
  const history = origin.historyOf(epoch);
  const expected = new Map<string, CommittedEntry[]>();
  let head = 0;
  for (const name of layerNamesOf(kind, app, environment)) {
    for (const entry of history.entriesAt(name, revision)) {
      head = Math.max(head, entry.revision);
      const chain = expected.get(entry.key) ?? [];
      expected.set(entry.key, chain);
      if (!entry.deleted) chain.push(entry);
    }
  }
  const at = `${kind} of "${app}" in "${environment}" at ${epoch}, ${revision}`;
  if (view.head() !== head) return `${at}: its newest change is ${view.head()}, not ${head}`;
  for (const [key] of view.everything()) {
    if (!expected.has(key)) return `${at}: there is no "${key}"`;
  }
  for (const [key, chain] of expected) {
    const shown = view.chainOf(key);
    const isSame =
      shown.length === chain.length && chain.every((entry, index) => isEqual(entry, shown[index]));
    if (!isSame) return `${at}: "${key}" is ${describe(shown)}, not ${describe(chain)}`;
  }
  return undefined;
};

const isEqual = (expected: CommittedEntry, shown: CommittedEntry | undefined): boolean => {
  if (shown === undefined) return false;
  if (compared.get(shown) === expected) return true;
  const isIt =
    shown.version === expected.version &&
    shown.revision === expected.revision &&
    shown.value === expected.value;
  if (isIt) compared.set(shown, expected);
  return isIt;
};

const describe = (chain: readonly CommittedEntry[]): string =>
  chain.map(({ revision, version }) => `version ${version} of ${revision}`).join(" over ") ||
  "nothing";
