import type { StoreRecord, Violation } from "./history.ts";

const rule = "the store has no gap";

/** Revisions follow one another, and so do the versions of each entry. */
export const checkStore = ({ base, log, newest, revisions }: StoreRecord): Violation[] => {
  const found: Violation[] = [];
  const expected = Array.from({ length: newest - base.revision }, (_, i) => base.revision + 1 + i);
  if (expected.join() !== revisions.join()) {
    const there = new Set(revisions);
    const missing = expected.filter((revision) => !there.has(revision));
    found.push({ rule, detail: `missing: ${missing.join()}; there are ${revisions.length}` });
  }
  const versions = new Map(base.entries.map((entry) => [nameOf(entry), entry.version]));
  for (const change of log) {
    const before = versions.get(nameOf(change)) ?? 0;
    if (change.version !== before + 1) {
      const detail = `${nameOf(change)} at ${change.revision}: ${before}, then ${change.version}`;
      found.push({ rule, detail });
    }
    versions.set(nameOf(change), change.version);
  }
  return found;
};

const nameOf = ({
  app,
  environment,
  key,
}: StoreRecord["log"][number] | StoreRecord["base"]["entries"][number]): string =>
  `${app}/${environment}/${key}`;
