import type { ChangeSet, Operation } from "../../../src/changes/change-set.ts";
import type { EntryRollback, RevisionRollback } from "../../../src/changes/roll-back.ts";
import { commitToModel, type ModelOutcome } from "./commit.ts";
import { byName, idOf, type ModelVersion, newestAt, type StoreModel, versionsOf } from "./model.ts";

/** Rolls the model back: what was then is put again, what was not is deleted. */
export const rollBackModel = (
  model: StoreModel,
  input: RevisionRollback | EntryRollback,
): ModelOutcome => {
  const operations = "entry" in input ? ofEntry(model, input) : ofRevision(model, input);
  const scope = "entry" in input ? input.entry : input.scope;
  if (operations === undefined || !isKnown(model, scope)) return { reasons: ["NOT_FOUND"] };
  const { allowLargeChange, message = "" } = input;
  const changeSet: ChangeSet = { message, operations, allowLargeChange };
  return commitToModel(model, changeSet, "rollback");
};

const isKnown = (model: StoreModel, scope: RevisionRollback["scope"]): boolean =>
  scope === undefined ||
  ((scope.app === "" || model.apps.includes(scope.app)) &&
    (scope.environment === "" || model.environments.includes(scope.environment)));

const ofEntry = (model: StoreModel, input: EntryRollback): Operation[] | undefined => {
  const past = versionsOf(model, input.entry).find(({ version }) => version === input.toVersion);
  return past === undefined ? undefined : toOperations(model, past, past);
};

const ofRevision = (model: StoreModel, input: RevisionRollback): Operation[] | undefined => {
  if (input.toRevision > model.changeSets.length) return undefined;
  const names = new Map(model.versions.map((version) => [idOf(version), version]));
  return [...names.values()]
    .filter(({ app }) => input.scope === undefined || app === input.scope.app)
    .filter(
      ({ environment }) => input.scope === undefined || environment === input.scope.environment,
    )
    .toSorted(byName)
    .flatMap((name) => toOperations(model, name, newestAt(model, name, input.toRevision)));
};

const toOperations = (
  model: StoreModel,
  { app, environment, key, kind }: ModelVersion,
  past: ModelVersion | undefined,
): Operation[] => {
  const name = { kind, app, environment, key };
  if (past?.op === "put") {
    const { merge, value } = past;
    const schema = past.schema ?? null;
    return [{ op: "put", ...name, value, merge, schema, description: past.description ?? null }];
  }
  return newestAt(model, name)?.op === "put" ? [{ op: "delete", ...name }] : [];
};
