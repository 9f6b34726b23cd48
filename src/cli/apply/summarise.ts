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

interface Count {
  scope: Scope;
  added: number;
  changed: number;
  removed: number;
}

const counters = { "+": "added", "~": "changed", "-": "removed" } as const;

/** An API key's defaults may fill in what a layer leaves out, so its changes come back more specific. */
const covers = (layer: Scope, { app, environment }: Scope): boolean =>
  (layer.app == null || layer.app === app) &&
  (layer.environment == null || layer.environment === environment);

/**
 * Counts by layer what the server reports as changes; what it does not report is unchanged.
 * @param created environments that a dry run could not ask about: their keys are all new
 */
export const summarise = (
  layers: readonly Layer[],
  changes: readonly Change[],
  created: ReadonlySet<string>,
): LayerSummary[] => {
  const counts = new Map<string, Count>();
  for (const layer of layers) {
    const isNew = layer.environment != null && created.has(layer.environment);
    const added = isNew ? layer.settings.size : 0;
    counts.set(scopeName(layer), { scope: layer, added, changed: 0, removed: 0 });
  }
  for (const change of changes) {
    const covering = layers.find((layer) => covers(layer, change)) ?? change;
    const count = counts.get(scopeName(change)) ?? counts.get(scopeName(covering));
    if (count === undefined) continue;
    count.scope = change;
    count[counters[changeSign(change)]] += 1;
  }
  return layers.map((layer) => {
    const {
      scope = layer,
      added = 0,
      changed = 0,
      removed = 0,
    } = counts.get(scopeName(layer)) ?? {};
    const unchanged = layer.settings.size - added - changed;
    return { ...scopeMembers(scope), added, changed, unchanged, removed };
  });
};
