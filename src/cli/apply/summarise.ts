import { changeSign } from "../report-change.ts";
import { type Scope, scopeMembers, scopeName } from "../scope.ts";
import type { Change } from "../shapes.ts";
import type { Layer } from "./read-layers.ts";

/** How many keys of one layer an import touches, and how. */
export interface LayerSummary extends Scope {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
}

const counters = { "+": "added", "~": "changed", "-": "removed" } as const;

/**
 * Counts by layer what the server reports as changes; what it does not report is unchanged.
 * @param created environments that a dry run could not ask about: their keys are all new
 */
export const summarise = (
  layers: readonly Layer[],
  changes: readonly Change[],
  created: ReadonlySet<string>,
): LayerSummary[] => {
  const counts = new Map<string, { added: number; changed: number; removed: number }>();
  for (const change of changes) {
    const name = scopeName(change);
    const count = counts.get(name) ?? { added: 0, changed: 0, removed: 0 };
    count[counters[changeSign(change)]] += 1;
    counts.set(name, count);
  }
  return layers.map((layer) => {
    const isNew = layer.environment != null && created.has(layer.environment);
    const size = layer.settings.size;
    const count = isNew
      ? { added: size, changed: 0, removed: 0 }
      : (counts.get(scopeName(layer)) ?? { added: 0, changed: 0, removed: 0 });
    return { ...scopeMembers(layer), ...count, unchanged: size - count.added - count.changed };
  });
};
