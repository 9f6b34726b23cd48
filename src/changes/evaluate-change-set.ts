import { type FieldError, Problem } from "../errors.ts";
import { resolveChain } from "../layers/resolve.ts";
import { entityTag, matchesStrongly, matchesWeakly } from "../platform/entity-tag.ts";
import { jsonEqual } from "../platform/json.ts";
import { describeScope, toPublicScope } from "../platform/names.ts";
import type { Change, ChangeSet, EffectiveChange, Operation, PutOperation } from "./change-set.ts";
import { disclosureErrors, namedScopeErrors } from "./disclosures.ts";
import { largeChangeErrors, layerChanges, layerSizeErrors } from "./guard-rails.ts";
import type { EntryContent, KindRegistry } from "./kind.ts";
import { detailOf, unknownEnvironment } from "./operation-errors.ts";
import { type PlannedEntry, previewEffective } from "./preview-effective.ts";
import { applyTargets, type NamedTargets, namedTargets, referenceErrors } from "./references.ts";
import {
  addEntry,
  type Catalogue,
  chainOf,
  type EntryState,
  entryGroupId,
  entryId,
  findEntry,
  hasApp,
  type LayerState,
  layerId,
  type State,
} from "./state.ts";
import { everythingVisible, type Reader, visibilityOf } from "./visibility.ts";

export interface EvaluationRules {
  readonly kinds: KindRegistry;
  readonly maxLayerKeys: number;
  readonly maxEffectiveChanges: number;
  readonly newEntryId: () => string;
}

/** An accepted change set: what it answers, and the rows that it makes. */
export interface Evaluation {
  readonly changes: readonly Change[];
  readonly effective: readonly EffectiveChange[];
  readonly effectiveTotal: number;
  readonly entries: readonly EntryState[];
  readonly layers: readonly LayerState[];
  readonly createdApps: readonly string[];
  readonly named: readonly NamedTargets[];
}

/**
 * Judges a change set against a state, without touching either: compare-and-set, the kinds' rules,
 * limits and guard rails. Changes take the revision after the state's. What it answers shows only what
 * `reader` may see. Pure but for `newEntryId`.
 *
 * @throws Problem `NOT_FOUND`, `CONFLICT`, `PRECONDITION_FAILED`, `UNPROCESSABLE`, `LARGE_CHANGE`,
 *   `TOO_LARGE`: then nothing of the change set holds.
 */
export const evaluateChangeSet = (
  state: State,
  changeSet: ChangeSet,
  rules: EvaluationRules,
  reader?: Reader,
): Evaluation => {
  const visibility = reader === undefined ? everythingVisible : visibilityOf(reader);
  refuseUnknownEnvironments(state, changeSet.operations);
  refuseLostConditions(state, changeSet);
  refuseMissingEntries(state, changeSet.operations);
  refuseScopedDefinitions(rules.kinds, changeSet.operations);
  const planned = planEntries(state, changeSet.operations, rules);
  refuse("UNPROCESSABLE", referenceErrors(state, rules.kinds, planned, visibility));
  const layers = layerChanges(state, planned);
  refuse("UNPROCESSABLE", layerSizeErrors(layers, rules.maxLayerKeys, visibility));
  const createdApps = appsToCreate(state.catalogue, planned);
  const catalogue = withApps(state.catalogue, createdApps);
  refuse("UNPROCESSABLE", namedScopeErrors(catalogue, rules.kinds, planned));
  refuse("UNPROCESSABLE", disclosureErrors(state, rules.kinds, planned, visibility));
  const preview = previewEffective(state, catalogue, planned, {
    kinds: rules.kinds,
    cap: rules.maxEffectiveChanges,
    visibility,
  });
  refuse("UNPROCESSABLE", preview.errors);
  if (changeSet.allowLargeChange !== true)
    refuse("LARGE_CHANGE", largeChangeErrors(layers, visibility, changeSet.visibleKeys));
  return {
    changes: planned.map(({ next }) => describeChange(state, next)),
    effective: preview.effective,
    effectiveTotal: preview.effectiveTotal,
    entries: planned.map(({ next }) => next),
    layers: layers.map(({ layer }) => layer),
    createdApps,
    named: namedTargets(rules.kinds, planned),
  };
};

/** Moves the state on by an accepted change set, so that the next one is judged against it. */
export const applyEvaluation = (
  state: State,
  evaluation: Pick<Evaluation, "entries" | "layers" | "createdApps" | "named">,
): void => {
  if (evaluation.entries.length === 0) return;
  for (const entry of evaluation.entries) addEntry(state, entry);
  for (const layer of evaluation.layers) {
    state.layers.set(layerId(layer.kind, layer.app, layer.environment), layer);
  }
  applyTargets(state, evaluation.named);
  if (evaluation.createdApps.length > 0) {
    const next = withApps(state.catalogue, evaluation.createdApps);
    state.catalogue = { ...next, version: next.version + 1 };
  }
  state.revision += 1;
};

const refuse = (
  code: "NOT_FOUND" | "UNPROCESSABLE" | "LARGE_CHANGE",
  errors: readonly FieldError[],
): void => {
  if (errors.length === 0) return;
  const hint = code === "LARGE_CHANGE" ? '. Send "allowLargeChange": true if that is meant' : "";
  throw new Problem(code, `${detailOf(errors)}${hint}`, { errors: errors.slice(0, 20) });
};

const refuseUnknownEnvironments = (state: State, operations: readonly Operation[]): void => {
  const environments = new Set(["", ...state.catalogue.environments]);
  refuse(
    "NOT_FOUND",
    operations.flatMap(({ environment }, index) =>
      environments.has(environment) ? [] : [unknownEnvironment(environment, index)],
    ),
  );
};

const refuseScopedDefinitions = (kinds: KindRegistry, operations: readonly Operation[]): void => {
  const errors = operations.flatMap(({ app, environment, kind }, index) => {
    if (kinds.get(kind)?.isGlobal !== true || (app === "" && environment === "")) return [];
    const member = app === "" ? "environment" : "app";
    const message = `a ${kind} applies everywhere: leave it out, or send null`;
    return [{ path: `operations.${index}.${member}`, message }];
  });
  refuse("UNPROCESSABLE", errors);
};

/** What is not there cannot be deleted; what a condition says of it is answered before. */
const refuseMissingEntries = (state: State, operations: readonly Operation[]): void => {
  const errors = operations.flatMap((operation, index) => {
    if (operation.op !== "delete" || findEntry(state, operation)?.deleted === false) return [];
    const scope = describeScope(operation.app, operation.environment);
    const message = `there is no ${operation.kind} entry "${operation.key}" in ${scope}`;
    return [{ path: `operations.${index}.key`, message }];
  });
  refuse("NOT_FOUND", errors);
};

const refuseLostConditions = (state: State, changeSet: ChangeSet): void => {
  const { expectedRevision, operations } = changeSet;
  const conflicts: { path: string; message: string; current: EntryState | undefined }[] = [];
  for (const [index, operation] of operations.entries()) {
    const current = findEntry(state, operation);
    const live = current?.deleted === false ? current : undefined;
    const version = live?.version ?? 0;
    const path = `operations.${index}`;
    refuseFailedPrecondition(state, operation, live, path);
    if (operation.expectedVersion !== undefined && operation.expectedVersion !== version) {
      const is = live === undefined ? "does not exist" : `has version ${version}`;
      const message = `expected version ${operation.expectedVersion}, but the entry ${is}`;
      conflicts.push({ path: `${path}.expectedVersion`, message, current });
    }
    if (expectedRevision !== undefined && (current?.revision ?? 0) > expectedRevision) {
      const message = `expected no change after revision ${expectedRevision}, but the entry changed in revision ${current?.revision}`;
      conflicts.push({ path, message, current });
    }
  }
  const [first] = conflicts;
  if (first === undefined) return;
  throw new Problem("CONFLICT", `${first.path}: ${first.message}`, {
    errors: conflicts.map(({ path, message }) => ({ path, message })),
    members: {
      currentRevision: state.revision,
      currentVersion: first.current?.deleted === false ? first.current.version : 0,
      conflicts: conflicts.map(({ path, current }) => ({
        path,
        currentVersion: current?.deleted === false ? current.version : 0,
        currentRevision: current?.revision ?? 0,
        currentValue: current?.deleted === false ? current.value : null,
      })),
    },
  });
};

const refuseFailedPrecondition = (
  state: State,
  operation: Operation,
  live: EntryState | undefined,
  path: string,
): void => {
  const { precondition } = operation;
  if (precondition === undefined) return;
  let tagged: readonly EntryState[] = live === undefined ? [] : [live];
  if (precondition.of === "effective") {
    const scopes = state.entries.get(entryGroupId(operation.kind, operation.key));
    tagged =
      resolveChain(chainOf(scopes, operation.app, operation.environment))?.contributors ?? [];
  }
  const tag = tagged.length === 0 ? undefined : entityTag(state.epoch, tagged);
  const { ifMatch, ifNoneMatch } = precondition;
  const current = tag === undefined ? "the entry does not exist" : `the current ETag is ${tag}`;
  const fail = (header: string): never => {
    throw new Problem("PRECONDITION_FAILED", `${path}: ${header} does not hold; ${current}`, {
      errors: [{ path, message: `${header} does not hold; ${current}` }],
      ...(tag === undefined ? {} : { headers: { etag: tag } }),
      members: { currentRevision: state.revision, currentVersion: live?.version ?? 0 },
    });
  };
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, tag)) fail("If-Match");
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, tag)) fail("If-None-Match");
};

/** The next state of every entry that really changes. */
const planEntries = (
  state: State,
  operations: readonly Operation[],
  rules: EvaluationRules,
): PlannedEntry[] => {
  const planned: PlannedEntry[] = [];
  const errors: FieldError[] = [];
  for (const [operationIndex, operation] of operations.entries()) {
    const { kind, app, environment, key } = operation;
    const current = findEntry(state, operation);
    const live = current?.deleted === false ? current : undefined;
    const content = operation.op === "put" ? contentOf(operation, live) : undefined;
    if (content !== undefined) {
      if (live !== undefined && sameContent(live, content)) continue;
      errors.push(...entryErrors(rules.kinds, kind, content, `operations.${operationIndex}`));
    }
    const next: EntryState = {
      kind,
      app,
      environment,
      key,
      id: current?.id ?? rules.newEntryId(),
      version: (current?.version ?? 0) + 1,
      revision: state.revision + 1,
      deleted: content === undefined,
      ...(content ?? { value: null, schema: undefined, description: undefined, merge: "replace" }),
    };
    planned.push({ operationIndex, next });
  }
  refuse("UNPROCESSABLE", errors);
  return planned;
};

/** What the kind says of an entry, its places told within the change set. */
const entryErrors = (
  kinds: KindRegistry,
  kind: string,
  content: EntryContent,
  place: string,
): FieldError[] => {
  const inPlace = ({ message, path }: FieldError): FieldError => ({
    path: `${place}.${path}`,
    message,
  });
  try {
    return (kinds.get(kind)?.checkEntry(content) ?? []).map(inPlace);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.code, `${place}: ${error.message}`, {
      errors: error.errors.map(inPlace),
    });
  }
};

const contentOf = (put: PutOperation, live: EntryState | undefined): EntryContent => ({
  value: put.value,
  schema: put.schema === undefined ? live?.schema : (put.schema ?? undefined),
  description: put.description === undefined ? live?.description : (put.description ?? undefined),
  merge: put.merge ?? live?.merge ?? "replace",
});

const sameContent = (live: EntryState, content: EntryContent): boolean =>
  live.merge === content.merge &&
  live.description === content.description &&
  jsonEqual(live.value, content.value) &&
  jsonEqual(live.schema, content.schema);

const describeChange = (state: State, next: EntryState): Change => {
  const current = findEntry(state, next);
  return {
    op: next.deleted ? "delete" : "put",
    kind: next.kind,
    app: toPublicScope(next.app),
    environment: toPublicScope(next.environment),
    key: next.key,
    version: next.version,
    before: current?.deleted === false ? current.value : null,
    after: next.deleted ? null : next.value,
  };
};

const appsToCreate = (catalogue: Catalogue, planned: readonly PlannedEntry[]): string[] => {
  const named = new Set<string>();
  for (const { next } of planned) {
    if (next.app !== "" && !named.has(next.app) && !hasApp(catalogue, next.app))
      named.add(next.app);
  }
  return [...named].sort();
};

const withApps = (catalogue: Catalogue, created: readonly string[]): Catalogue =>
  created.length === 0 ? catalogue : { ...catalogue, apps: [...catalogue.apps, ...created].sort() };

/** The entries that a change set names twice, as errors of its input. */
export const repeatedEntryErrors = (operations: readonly Operation[]): FieldError[] => {
  const seen = new Map<string, number>();
  return operations.flatMap((operation, index) => {
    const id = entryId(operation);
    const first = seen.get(id);
    if (first === undefined) {
      seen.set(id, index);
      return [];
    }
    const message = `names the same entry as operations.${first}; a change set has one operation for an entry`;
    return [{ path: `operations.${index}`, message }];
  });
};
