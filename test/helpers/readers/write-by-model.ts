import type { ChangeSet, Operation } from "../../../src/changes/change-set.ts";
import type { EntryRollback, RevisionRollback } from "../../../src/changes/roll-back.ts";
import type { EntryName } from "../../../src/changes/state.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import { judgeByModel, type ModelOutcome } from "../store-model/commit.ts";
import { byName, idOf, newestAt, type StoreModel, versionsOf } from "../store-model/model.ts";
import { storeNames } from "./arbitrary-store.ts";
import type { Cells } from "./count-cells.ts";
import type { ModelReader } from "./model-reader.ts";
import { previewByModel } from "./preview-by-model.ts";

/** Why the grants alone refuse a change set, and for which of its operations. */
interface GrantRefusal {
  readonly code: ErrorCode;
  /** Which operations, by their place in the change set. */
  readonly operations: readonly number[];
}

/** What is not seen is missing, what is seen but not written is forbidden. */
export const refusalOf = (
  writer: ModelReader,
  operations: readonly Operation[],
): GrantRefusal | undefined => {
  if (!writer.mayAnywhere("entries.write")) return { code: "FORBIDDEN", operations: [] };
  const indexesOf = (isMeant: (operation: Operation) => boolean): number[] =>
    operations.flatMap((operation, index) => (isMeant(operation) ? [index] : []));
  const hidden = indexesOf((operation) => !writer.sees(operation));
  if (hidden.length > 0) return { code: "NOT_FOUND", operations: hidden };
  const readOnly = indexesOf((operation) => !writer.writes(operation));
  return readOnly.length > 0 ? { code: "FORBIDDEN", operations: readOnly } : undefined;
};

/** What becomes of a change set that the grants do not refuse. */
export const judgeFor = (
  model: StoreModel,
  writer: ModelReader,
  changeSet: ChangeSet,
  cells: Cells,
): ModelOutcome => {
  if (changeSet.allowLargeChange !== true) {
    // The guard rails count what is seen, as if there were nothing else.
    const versions = model.versions.filter((version) => writer.sees(version));
    const guarded = judgeByModel({ ...model, versions }, changeSet);
    if ("reasons" in guarded && guarded.reasons.includes("LARGE_CHANGE")) return guarded;
  }
  return previewByModel(model, writer, changeSet, cells);
};

/**
 * The operations that roll back what the writer sees and that has changed since, whether they may
 * write it or not; or the reason why there are none.
 */
export const rollbackFor = (
  model: StoreModel,
  writer: ModelReader,
  input: RevisionRollback | EntryRollback,
): Operation[] | ErrorCode => {
  if (!writer.mayAnywhere("entries.write")) return "FORBIDDEN";
  const scope = "entry" in input ? input.entry : input.scope;
  if (scope !== undefined && !(isKnown(scope) && writer.seesScope(scope))) return "NOT_FOUND";
  if ("entry" in input) {
    const past = versionsOf(model, input.entry)[input.toVersion - 1];
    if (past === undefined || !writer.sees(input.entry)) return "NOT_FOUND";
    return operationsTo(model, past, past.revision);
  }
  if (input.toRevision > model.changeSets.length) return "NOT_FOUND";
  const since = model.versions.filter(({ revision }) => revision > input.toRevision);
  return [...new Map(since.map((version) => [idOf(version), version])).values()]
    .filter((version) => writer.sees(version))
    .filter(({ app }) => scope === undefined || scope.app === app)
    .filter(({ environment }) => scope === undefined || scope.environment === environment)
    .toSorted(byName)
    .flatMap((version) => operationsTo(model, version, input.toRevision));
};

const isKnown = ({ app, environment }: { readonly app: string; readonly environment: string }) =>
  ["", ...storeNames.apps].includes(app) && ["", ...storeNames.environments].includes(environment);

/** Brings one entry back to what it was at a revision. */
const operationsTo = (model: StoreModel, name: EntryName, revision: number): Operation[] => {
  const { app, environment, key, kind } = name;
  const named = { kind, app, environment, key };
  const past = newestAt(model, named, revision);
  if (past?.op === "put") {
    const { merge, value } = past;
    const schema = past.schema ?? null;
    return [{ op: "put", ...named, value, merge, schema, description: past.description ?? null }];
  }
  return newestAt(model, named)?.op === "put" ? [{ op: "delete", ...named }] : [];
};
