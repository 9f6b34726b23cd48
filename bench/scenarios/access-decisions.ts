import { compilePermissions } from "../../src/permissions/compile-permissions.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import { builtInRoleActions } from "../../src/permissions/roles.ts";
import { timeInterleaved } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, type Table } from "../report.ts";

const grantCounts = [1, 10, 1_000];
const documentKeys = 10_000;
const rounds = 9;

const scope = { kind: "config", app: "payments", environment: "production" } as const;

/** The key pattern of one grant, and a key that it matches. */
const patternKinds: Readonly<
  Record<string, { pattern: (index: number) => string; key: (index: number) => string }>
> = {
  "exact keys": {
    pattern: (index) => `service${index}.pool.size`,
    key: (index) => `service${index}.pool.size`,
  },
  prefixes: {
    pattern: (index) => `service${index}.*`,
    key: (index) => `service${index}.pool.size`,
  },
  globs: {
    pattern: (index) => `service${index}.*.size`,
    key: (index) => `service${index}.pool.size`,
  },
};

const viewers = (count: number, pattern: (index: number) => string): Grant[] =>
  Array.from({ length: count }, (_, index) => ({
    role: "viewer",
    effect: "allow",
    app: "pay*",
    environment: "production",
    keys: [pattern(index)],
  }));

function countIf<Item>(items: readonly Item[], test: (item: Item) => boolean): number {
  let count = 0;
  for (const item of items) if (test(item)) count += 1;
  return count;
}

/** Every second key is one that some grant permits. */
function makeKeys(count: number, grants: number, key: (index: number) => string): string[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0 ? key((index / 2) % grants) : `http${index}.limit`,
  );
}

function measure(name: string, grantCount: number) {
  const { key, pattern } = patternKinds[name] ?? { key: String, pattern: String };
  const grants = viewers(grantCount, pattern);
  const keys = makeKeys(documentKeys, grantCount, key);
  const permissions = compilePermissions(grants, builtInRoleActions);
  const entries = keys.map((one) => ({ ...scope, key: one }));
  const known = new Map(keys.map((one, index) => [one, index % 2 === 0]));
  const filterOf = () => permissions.keys("entries.read", scope.kind, scope.app, scope.environment);
  const calls = {
    "bare Map look-up": () => countIf(keys, (one) => known.get(one) === true),
    decision: () => countIf(entries, (entry) => permissions.may("entries.read", entry)),
    "key of a document": () => {
      const filter = filterOf();
      return countIf(keys, (one) => filter.allows(one));
    },
    "first decision": () => {
      const fresh = compilePermissions(grants, builtInRoleActions);
      return fresh.may("entries.read", { ...scope, key: key(0) }) ? 1 : 0;
    },
  };
  if (calls.decision() !== documentKeys / 2) throw new Error("half of the keys are permitted");
  const timesNs = timeInterleaved(calls, rounds);
  const bare = timesNs.get("bare Map look-up") ?? [];
  return [...timesNs].map(([what, times]) => {
    const ratio = median(times.map((time, round) => (bare[round] ?? Number.NaN) / time));
    const isSingle = what === "first decision";
    const isCeiling = what === "bare Map look-up";
    return {
      cells: [
        what,
        formatCount(grantCount),
        name,
        formatNumber(median(times) / (isSingle ? 1 : documentKeys)),
        isSingle || isCeiling ? "" : formatNumber(ratio),
      ],
      ratio:
        isSingle || isCeiling
          ? undefined
          : ([`access/${what}/${name}/${grantCount}`, ratio] as const),
    };
  });
}

/** What it takes to decide, once and for each key of a document, and to compile grants. */
export function measureDecisions(): { table: Table; ratios: Record<string, number> } {
  const rows = Object.keys(patternKinds).flatMap((name) =>
    grantCounts.flatMap((count) => measure(name, count)),
  );
  return {
    table: {
      caption: `Decisions in process on ${formatCount(documentKeys)} keys of one scope, half of them permitted; one key pattern a grant`,
      columns: ["what", "grants", "their key patterns", "ns", "speed against the bare look-up"],
      rows: rows.map(({ cells }) => cells),
    },
    ratios: Object.fromEntries(rows.flatMap(({ ratio }) => (ratio === undefined ? [] : [ratio]))),
  };
}
