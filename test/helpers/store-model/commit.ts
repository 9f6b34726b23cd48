import type { ChangeSet, CommitResult, Operation } from "../../../src/changes/change-set.ts";
import type { EntryName } from "../../../src/changes/state.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import type { Json } from "../../../src/platform/json.ts";
import { naiveResolve } from "../naive-resolve.ts";
import {
  canonical,
  chainAt,
  effectiveChanges,
  idOf,
  liveAt,
  type ModelVersion,
  newestAt,
  positionsOf,
  type StoreModel,
} from "./model.ts";
import { acceptedBy } from "./model-schemas.ts";

/** Why a change set cannot be; where there are several reasons, any may be given. */
export type ModelOutcome =
  | { readonly reasons: readonly ErrorCode[] }
  | { readonly result: CommitResult; readonly versions: readonly ModelVersion[] };

/** What the model says of a change set, all of which it would have to be true at once. */
export const judgeByModel = (model: StoreModel, changeSet: ChangeSet): ModelOutcome => {
  const revision = model.changeSets.length;
  const before = liveAt(model);
  const versions = changeSet.operations.flatMap((operation) => {
    const next = nextVersion(model, operation, revision + 1);
    return next === undefined ? [] : [next];
  });
  const changed = new Map(versions.map((version) => [idOf(version), version]));
  const after = [
    ...before.filter((entry) => !changed.has(idOf(entry))),
    ...versions.filter(({ op }) => op === "put"),
  ];
  const apps = [...new Set([...model.apps, ...versions.flatMap(({ app }) => app || [])])];
  const names = { apps, environments: model.environments };
  const reasons: ErrorCode[] = [];
  if (changeSet.operations.some((operation) => isMissing(model, operation))) {
    reasons.push("NOT_FOUND");
  }
  if (losesCompareAndSet(model, changeSet)) reasons.push("CONFLICT");
  if (breaksRule(names, after)) reasons.push("UNPROCESSABLE");
  if (changeSet.allowLargeChange !== true && isLarge(before, versions)) {
    reasons.push("LARGE_CHANGE");
  }
  if (reasons.length > 0) return { reasons };
  const effective = effectiveChanges(names, before, after);
  const changes = versions.map((next) => ({
    op: next.op,
    kind: next.kind,
    app: next.app || null,
    environment: next.environment || null,
    key: next.key,
    version: next.version,
    before: before.find((entry) => idOf(entry) === idOf(next))?.value ?? null,
    after: next.value,
  }));
  return {
    versions,
    result: {
      revision: versions.length === 0 ? revision : revision + 1,
      changes,
      effective,
      effectiveTotal: effective.length,
    },
  };
};

/** Judges, and moves the model on where nothing speaks against the change set. */
export const commitToModel = (
  model: StoreModel,
  changeSet: ChangeSet,
  action = "change",
): ModelOutcome => {
  const outcome = judgeByModel(model, changeSet);
  if ("reasons" in outcome || outcome.versions.length === 0) return outcome;
  const { changes, revision } = outcome.result;
  model.versions.push(...outcome.versions);
  for (const { app } of outcome.versions) {
    if (app !== "" && !model.apps.includes(app)) model.apps.push(app);
  }
  const { message } = changeSet;
  model.changeSets.push({ revision: revision ?? 0, action, message, changes });
  return outcome;
};

/** The version that an operation makes; undefined where it changes nothing. */
const nextVersion = (
  model: StoreModel,
  operation: Operation,
  revision: number,
): ModelVersion | undefined => {
  const { app, environment, key, kind } = operation;
  const newest = newestAt(model, operation);
  const live = newest?.op === "put" ? newest : undefined;
  const version = (newest?.version ?? 0) + 1;
  const made = { kind, app, environment, key, version, revision };
  if (operation.op === "delete") {
    const nothing = { value: null, schema: undefined, description: undefined };
    return { ...made, op: "delete", merge: "replace", ...nothing };
  }
  const content = {
    value: operation.value,
    schema: kept(operation.schema, live?.schema),
    description: kept(operation.description, live?.description),
    merge: operation.merge ?? live?.merge ?? "replace",
  };
  const contentOf = ({ description, merge, schema, value }: typeof content): string =>
    canonical([value, schema ?? null, description ?? null, merge]);
  if (live !== undefined && contentOf(live) === contentOf(content)) return undefined;
  return { ...made, op: "put", ...content };
};

/** Absent keeps, null removes. */
const kept = <Value>(sent: Value | null | undefined, current: Value | undefined) =>
  sent === undefined ? current : (sent ?? undefined);

const isMissing = (model: StoreModel, operation: Operation): boolean =>
  (operation.environment !== "" && !model.environments.includes(operation.environment)) ||
  (operation.op === "delete" && newestAt(model, operation)?.op !== "put");

const losesCompareAndSet = (model: StoreModel, changeSet: ChangeSet): boolean =>
  changeSet.operations.some((operation) => {
    const newest = newestAt(model, operation);
    const version = newest?.op === "put" ? newest.version : 0;
    const { expectedRevision } = changeSet;
    return (
      (operation.expectedVersion !== undefined && operation.expectedVersion !== version) ||
      (expectedRevision !== undefined && (newest?.revision ?? 0) > expectedRevision)
    );
  });

/** Every effective value of every position has to obey all schemas on the way to it. */
const breaksRule = (
  names: Pick<StoreModel, "apps" | "environments">,
  live: readonly ModelVersion[],
): boolean => {
  const configs = new Map(
    live.filter(({ kind }) => kind === "config").map((entry) => [entry.key, entry]),
  );
  return [...configs.values()].some(({ key, kind }) =>
    positionsOf(names).some((position) => {
      const chain = chainAt(live, { ...position, kind, key });
      const resolved = naiveResolve(chain);
      if (resolved === undefined) return false;
      const schemas = chain.flatMap(({ schema }): Json[] => (schema === undefined ? [] : [schema]));
      if (schemas.length === 0) return resolved.value === null;
      return schemas.some((schema) => !acceptedBy(schema, resolved.value));
    }),
  );
};

const isLarge = (before: readonly ModelVersion[], made: readonly ModelVersion[]): boolean => {
  const layerOf = ({ app, environment, kind }: EntryName): string =>
    [kind, app, environment].join("/");
  const existed = new Set(before.map(idOf));
  return [...new Set(made.map(layerOf))].some((layer) => {
    const ofLayer = made.filter((version) => layerOf(version) === layer);
    const size = before.filter((entry) => layerOf(entry) === layer).length;
    const touched = ofLayer.filter((version) => existed.has(idOf(version)));
    const deleted = touched.filter(({ op }) => op === "delete").length;
    const added = ofLayer.length - touched.length;
    return (size > 0 && size - deleted + added === 0) || (size >= 20 && touched.length > size / 2);
  });
};
