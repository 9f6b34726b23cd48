import type { EntryKind } from "../../oscal/entries.ts";
import type { ImportResult } from "../../oscal/import/import-document.ts";
import { type Json, jsonEqual } from "../../platform/json.ts";
import { placeOfEntry, type StoredEntries } from "./read-stored-entries.ts";

interface PlannedOperation {
  readonly operation: {
    readonly op: "put" | "delete";
    readonly kind: EntryKind;
    /** In so many words, since the defaults of a key would fill in what is absent. */
    readonly app: null;
    readonly environment: null;
    readonly key: string;
    readonly value?: Json;
    readonly expectedVersion: number;
  };
  /** How a message names it. */
  readonly label: string;
}

/** How many entries of a kind an import touches, and how. */
export interface KindSummary {
  readonly kind: EntryKind;
  added: number;
  changed: number;
  unchanged: number;
  removed: number;
}

export interface ImportPlan {
  readonly planned: readonly PlannedOperation[];
  readonly kinds: readonly KindSummary[];
}

/** What is to be sent: puts of what differs from what is stored, and the deletes that are asked for. */
export const planImport = (
  result: ImportResult,
  { entries, versions }: StoredEntries,
  replace: boolean,
): ImportPlan => {
  const planned: PlannedOperation[] = [];
  const kinds = new Map<EntryKind, KindSummary>();
  const count = (kind: EntryKind, member: "added" | "changed" | "unchanged" | "removed"): void => {
    const summary = kinds.get(kind) ?? { kind, added: 0, changed: 0, unchanged: 0, removed: 0 };
    summary[member] += 1;
    kinds.set(kind, summary);
  };
  const expected = (kind: EntryKind, key: string) => ({
    kind,
    app: null,
    environment: null,
    key,
    expectedVersion: versions.get(placeOfEntry(kind, key)) ?? 0,
  });
  for (const { key, kind, place, value } of result.entries) {
    const before = entries[kind].get(key);
    if (jsonEqual(before, value)) {
      count(kind, "unchanged");
      continue;
    }
    count(kind, before === undefined ? "added" : "changed");
    const label = `${place} (${kind} ${key})`;
    planned.push({ operation: { op: "put", ...expected(kind, key), value }, label });
  }
  const unused = result.unusedParts.map((key) => ({ kind: "oscal", key }) as const);
  for (const { key, kind } of [...(replace ? result.leftOver : []), ...unused]) {
    count(kind, "removed");
    const operation = { op: "delete", ...expected(kind, key) } as const;
    planned.push({ operation, label: `${kind} ${key}` });
  }
  return { planned, kinds: [...kinds.values()] };
};
