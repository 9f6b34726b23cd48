import type { ChangeSet, EffectiveChange } from "../../../src/changes/change-set.ts";
import { judgeByModel, type ModelOutcome } from "../store-model/commit.ts";
import {
  effectiveChanges,
  idOf,
  liveAt,
  type ModelVersion,
  type StoreModel,
} from "../store-model/model.ts";
import { storeNames } from "./arbitrary-store.ts";
import type { Cells } from "./count-cells.ts";
import type { ModelReader } from "./model-reader.ts";

/** What a change set would do as the model says, guard rails aside, as far as the reader may see it. */
export const previewByModel = (
  whole: StoreModel,
  reader: ModelReader,
  changeSet: ChangeSet,
  cells: Cells,
): ModelOutcome => {
  // Other keys make no difference, and the model looks at everything that there is.
  const keys = new Set(changeSet.operations.map(({ key }) => key));
  const model = { ...whole, versions: whole.versions.filter(({ key }) => keys.has(key)) };
  const outcome = judgeByModel(model, { ...changeSet, allowLargeChange: true });
  if ("reasons" in outcome) return outcome;
  const before = liveAt(model);
  const after = liveAfter(before, outcome.versions);
  const effective = storeNames.kinds.flatMap((kind) => {
    const ofKind = (entries: readonly ModelVersion[]): ModelVersion[] =>
      entries.filter((entry) => entry.kind === kind);
    const changes = effectiveChanges(model, ofKind(before), ofKind(after));
    return cells.keep(changes, ({ app, environment, key }: EffectiveChange) =>
      reader.sees({ kind, app: app ?? "", environment: environment ?? "", key }),
    );
  });
  return {
    ...outcome,
    result: { ...outcome.result, effective, effectiveTotal: effective.length },
  };
};

/** The live entries that new versions leave. */
export const liveAfter = (
  before: readonly ModelVersion[],
  versions: readonly ModelVersion[],
): ModelVersion[] => {
  const changed = new Set(versions.map(idOf));
  const left = before.filter((entry) => !changed.has(idOf(entry)));
  return [...left, ...versions.filter(({ op }) => op === "put")];
};
