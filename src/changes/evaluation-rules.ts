import type { Settings } from "../platform/settings.ts";
import type { EvaluationRules } from "./evaluate-change-set.ts";
import type { KindRegistry } from "./kind.ts";

/** What change sets are judged by in this deployment. */
export const evaluationRules = (deps: {
  readonly kinds: KindRegistry;
  readonly settings: Settings;
}): EvaluationRules => ({
  kinds: deps.kinds,
  maxLayerKeys: deps.settings.maxLayerKeys,
  maxEffectiveChanges: deps.settings.maxEffectiveChanges,
  newEntryId: () => crypto.randomUUID(),
});
