import type { FieldError } from "../errors.ts";
import { describeScope } from "../platform/names.ts";
import type { Disclosure, KindRegistry } from "./kind.ts";
import type { PlannedEntry } from "./preview-effective.ts";
import { type Catalogue, findEntry, hasApp, type State } from "./state.ts";
import type { Visibility } from "./visibility.ts";

/**
 * What a change set would make known that its author may not read, and scopes that it names and that do
 * not exist. Both are answered alike. What an entry made known before is not asked about again.
 */
export const disclosureErrors = (
  state: State,
  catalogue: Catalogue,
  kinds: KindRegistry,
  planned: readonly PlannedEntry[],
  visibility: Visibility,
): FieldError[] =>
  planned.flatMap(({ next, operationIndex }) => {
    const kind = kinds.get(next.kind);
    if (next.deleted || kind?.disclosuresOf === undefined) return [];
    const current = findEntry(state, next);
    const before = current?.deleted === false ? kind.disclosuresOf(current.value) : [];
    return kind
      .disclosuresOf(next.value)
      .filter((one) => !before.some((known) => isSame(known, one)))
      .flatMap((one) => {
        const message = refusalOf(one, catalogue, visibility);
        return message === undefined
          ? []
          : [{ path: `operations.${operationIndex}.${one.path}`, message }];
      });
  });

const isSame = (one: Disclosure, other: Disclosure): boolean =>
  one.kind === other.kind &&
  one.app === other.app &&
  one.environment === other.environment &&
  one.key === other.key;

const refusalOf = (
  { app, environment, key, kind }: Disclosure,
  catalogue: Catalogue,
  visibility: Visibility,
): string | undefined => {
  const exists =
    (app === "" || hasApp(catalogue, app)) &&
    (environment === "" || catalogue.environments.includes(environment));
  const scope = describeScope(app, environment);
  if (!exists) return `there is no ${scope}`;
  if (key === undefined || visibility.sees({ kind, app, environment }, key)) return undefined;
  return `names ${kind} "${key}" in ${scope}, which you may not read`;
};
