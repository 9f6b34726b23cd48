import type { FieldError } from "../errors.ts";
import type { Operation } from "./change-set.ts";
import type { Kind, KindRegistry } from "./kind.ts";
import type { PlannedEntry } from "./preview-effective.ts";
import {
  addDependent,
  type EntryState,
  entryGroupId,
  findEntry,
  removeDependent,
  type State,
} from "./state.ts";
import type { Visibility } from "./visibility.ts";

/** Names an entry of the global scope. */
export interface GlobalName {
  readonly kind: string;
  readonly key: string;
}

/** What an entry names as a change set leaves it; nothing where it is deleted. */
export interface NamedTargets extends GlobalName {
  readonly targets: readonly GlobalName[];
}

const maxListed = 10;

const globalName = (kind: string, key: string) => ({ kind, key, app: "", environment: "" });

/** What the puts among some operations name. */
export const targetsOf = (
  kinds: KindRegistry,
  operations: readonly Operation[],
): readonly GlobalName[] =>
  operations.flatMap((operation) =>
    operation.op === "put"
      ? (kinds.get(operation.kind)?.referencesOf?.(operation.value) ?? [])
      : [],
  );

/** What the deletes among some operations delete that others may name. */
export const deletedNames = (
  kinds: KindRegistry,
  operations: readonly Operation[],
): readonly GlobalName[] =>
  operations
    .filter(({ kind, op }) => op === "delete" && kinds.get(kind)?.isGlobal === true)
    .map(({ key, kind }) => ({ kind, key }));

/** The references that a change set makes, of each entry whose kind can have any. */
export const namedTargets = (
  kinds: KindRegistry,
  planned: readonly PlannedEntry[],
): NamedTargets[] =>
  planned.flatMap(({ next }) => {
    const kind = kinds.get(next.kind);
    if (kind?.referencesOf === undefined) return [];
    const targets = next.deleted ? [] : kind.referencesOf(next.value);
    return [{ kind: next.kind, key: next.key, targets }];
  });

/** Moves on who names whom. */
export const applyTargets = (state: State, named: readonly NamedTargets[]): void => {
  for (const { key, kind, targets } of named) {
    const from = entryGroupId(kind, key);
    removeDependent(state, from);
    for (const target of targets) addDependent(state, entryGroupId(target.kind, target.key), from);
  }
};

/**
 * What would be named and not be there, the change set as a whole considered. Who may not see what is
 * named is told that it is missing, unless the entry names it already.
 */
export const referenceErrors = (
  state: State,
  kinds: KindRegistry,
  planned: readonly PlannedEntry[],
  visibility: Visibility,
): FieldError[] => {
  const after = new Map(planned.map(({ next }) => [entryGroupId(next.kind, next.key), next]));
  return planned.flatMap((entry) => {
    const kind = kinds.get(entry.next.kind);
    if (kind?.isGlobal !== true) return [];
    return entry.next.deleted
      ? dependentErrors(state, kinds, entry, after, visibility)
      : missingErrors(state, kind, entry, after, visibility);
  });
};

type After = ReadonlyMap<string, EntryState>;

const missingErrors = (
  state: State,
  kind: Kind,
  { next, operationIndex }: PlannedEntry,
  after: After,
  visibility: Visibility,
): FieldError[] => {
  const references = kind.referencesOf?.(next.value) ?? [];
  if (references.length === 0) return [];
  const current = findEntry(state, next);
  const before = current?.deleted === false ? (kind.referencesOf?.(current.value) ?? []) : [];
  const known = new Set(before.map((one) => entryGroupId(one.kind, one.key)));
  return references.flatMap(({ key, kind: of, path }) => {
    const id = entryGroupId(of, key);
    const target = after.get(id) ?? findEntry(state, globalName(of, key));
    const isSeen = known.has(id) || visibility.sees(globalName(of, key), key);
    if (target?.deleted === false && isSeen) return [];
    return [
      { path: `operations.${operationIndex}.${path}`, message: `there is no ${of} "${key}"` },
    ];
  });
};

const dependentErrors = (
  state: State,
  kinds: KindRegistry,
  { next, operationIndex }: PlannedEntry,
  after: After,
  visibility: Visibility,
): FieldError[] => {
  const id = entryGroupId(next.kind, next.key);
  const left = [...(state.dependents.get(id) ?? [])].filter((from) => {
    const becomes = after.get(from);
    // One that the change set touches is judged by what it names then.
    return becomes === undefined || names(kinds, becomes, id);
  });
  if (left.length === 0) return [];
  const seen = left
    .map(toName)
    .filter(({ key, kind }) => visibility.sees(globalName(kind, key), key));
  const listed = seen.slice(0, maxListed).map(({ key, kind }) => `${kind} "${key}"`);
  if (seen.length > maxListed) listed.push(`${seen.length - maxListed} more`);
  if (seen.length < left.length) listed.push("what you may not see");
  const message = `is named by ${listed.join(", ")}: change or delete those too`;
  return [{ path: `operations.${operationIndex}.key`, message }];
};

const names = (kinds: KindRegistry, entry: EntryState, id: string): boolean =>
  !entry.deleted &&
  (kinds.get(entry.kind)?.referencesOf?.(entry.value) ?? []).some(
    ({ key, kind }) => entryGroupId(kind, key) === id,
  );

/** Of an `entryGroupId`: neither part holds a "/". */
const toName = (id: string): GlobalName => {
  const [kind = "", key = ""] = id.split("/");
  return { kind, key };
};
