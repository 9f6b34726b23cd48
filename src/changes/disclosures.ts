import type { FieldError } from "../errors.ts";
import { jsonEqual } from "../platform/json.ts";
import { describeScope } from "../platform/names.ts";
import type { Disclosures, Kind, KindRegistry } from "./kind.ts";
import type { PlannedEntry } from "./preview-effective.ts";
import {
  type Catalogue,
  type EntryState,
  entryGroupId,
  findEntry,
  hasApp,
  type State,
} from "./state.ts";
import type { Visibility } from "./visibility.ts";

/** Scopes that the values of a change set name and that do not exist. */
export const namedScopeErrors = (
  catalogue: Catalogue,
  kinds: KindRegistry,
  planned: readonly PlannedEntry[],
): FieldError[] =>
  planned.flatMap(({ next, operationIndex }) => {
    const named = next.deleted ? undefined : kinds.get(next.kind)?.scopeOf?.(next.value);
    if (named === undefined) return [];
    const { app, environment } = named;
    const isApp = app === "" || hasApp(catalogue, app);
    if (isApp && (environment === "" || catalogue.environments.includes(environment))) return [];
    const path = `operations.${operationIndex}.value.${isApp ? "environment" : "app"}`;
    const message = isApp ? `there is no environment "${environment}"` : `there is no app "${app}"`;
    return [{ path, message }];
  });

/**
 * What a change set would show to others and its author may not read. What an entry showed before its
 * author came is not asked about again, unless it is to show it otherwise.
 */
export const disclosureErrors = (
  state: State,
  kinds: KindRegistry,
  planned: readonly PlannedEntry[],
  visibility: Visibility,
): FieldError[] => {
  if (visibility.isWhole) return [];
  const after = new Map(planned.map(({ next }) => [entryGroupId(next.kind, next.key), next]));
  const entryErrors = ({ entries }: Disclosures): FieldError[] =>
    entries.flatMap(({ key, kind, path }) => {
      const name = { kind, key, app: "", environment: "" };
      const entry = after.get(entryGroupId(kind, key)) ?? findEntry(state, name);
      const named = entry === undefined ? [] : (kinds.get(kind)?.referencesOf?.(entry.value) ?? []);
      const isSeen = named.every((one) =>
        visibility.sees({ kind: one.kind, app: "", environment: "" }, one.key),
      );
      const message = `${kind} "${key}" names what you may not read`;
      return isSeen ? [] : [{ path, message }];
    });
  return planned.flatMap(({ next, operationIndex }) => {
    const shown = newlyShown(state, kinds.get(next.kind), next);
    if (shown === undefined) return [];
    return [...valueErrors(shown, visibility), ...entryErrors(shown)].map(({ message, path }) => ({
      path: `operations.${operationIndex}.${path}`,
      message,
    }));
  });
};

const newlyShown = (
  state: State,
  kind: Kind | undefined,
  next: EntryState,
): Disclosures | undefined => {
  const shown = next.deleted ? undefined : kind?.disclosuresOf?.(next.value);
  if (shown === undefined) return undefined;
  const current = findEntry(state, next);
  const before = current?.deleted === false ? kind?.disclosuresOf?.(current.value) : undefined;
  return before !== undefined && jsonEqual(before.basis, shown.basis) ? undefined : shown;
};

const valueErrors = ({ values }: Disclosures, visibility: Visibility): FieldError[] =>
  values().flatMap(({ app, environment, key, kind, path }) =>
    visibility.sees({ kind, app, environment }, key)
      ? []
      : [
          {
            path,
            message: `names ${kind} "${key}" in ${describeScope(app, environment)}, which you may not read`,
          },
        ],
  );
