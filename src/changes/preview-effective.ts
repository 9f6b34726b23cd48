import type { FieldError } from "../errors.ts";
import { resolveChain } from "../layers/resolve.ts";
import { jsonEqual } from "../platform/json.ts";
import { describeScope, toPublicScope } from "../platform/names.ts";
import type { EffectiveChange } from "./change-set.ts";
import type { Kind, KindRegistry } from "./kind.ts";
import {
  type Catalogue,
  chainOf,
  type EntryState,
  entryGroupId,
  type State,
  scopeId,
} from "./state.ts";
import type { Visibility } from "./visibility.ts";

/** An entry's next state, and the index of the operation that makes it. */
export interface PlannedEntry {
  readonly operationIndex: number;
  readonly next: EntryState;
}

interface Preview {
  readonly effective: readonly EffectiveChange[];
  readonly effectiveTotal: number;
  readonly errors: readonly FieldError[];
}

/** Positions whose readers see the same chain of entries: judged once, counted for all. */
interface PositionClass {
  readonly representative: string;
  readonly members: readonly string[];
}

interface PreviewRules {
  readonly kinds: KindRegistry;
  /** How many effective changes are listed. */
  readonly cap: number;
  readonly visibility: Visibility;
}

const maxErrors = 20;

/**
 * What the readers of every (app, environment) will see differently, and which of the values that
 * the change set alters break a rule. Reading without an app or environment is a position too.
 * Positions in which nobody owns the key share their outcome, so the cost follows the number of
 * owners of a key, not apps × environments. At most `cap` items are listed; the total counts all.
 */
export const previewEffective = (
  state: State,
  catalogue: Catalogue,
  planned: readonly PlannedEntry[],
  { cap, kinds, visibility }: PreviewRules,
): Preview => {
  const effective: EffectiveChange[] = [];
  const broken = createBroken();
  let effectiveTotal = 0;
  for (const [group, changed] of groupByKey(
    planned.filter(({ next }) => isEffective(kinds, next)),
  )) {
    const entriesBefore = state.entries.get(group);
    const after = new Map(entriesBefore);
    for (const { next } of changed) after.set(scopeId(next.app, next.environment), next);
    const owners = [...after.values()];
    const apps = positionClasses(catalogue.apps, owners, "app");
    const environments = positionClasses(catalogue.environments, owners, "environment");
    const items: EffectiveChange[] = [];
    for (const app of apps) {
      for (const environment of environments) {
        const cause = changed.find(({ next }) => affects(next, app, environment));
        if (cause === undefined) continue;
        const chain = chainOf(after, app.representative, environment.representative);
        const found = broken.isEnough() ? [] : judge(kinds, cause, chain);
        if (found.length > 0) {
          broken.add(cause, found, countPositions(visibility, cause, app, environment) > 0);
        }
        const was = resolveChain(
          chainOf(entriesBefore, app.representative, environment.representative),
        );
        const becomes = resolveChain(chain);
        if (jsonEqual(was?.value, becomes?.value)) continue;
        effectiveTotal += countPositions(visibility, cause, app, environment);
        const { key, kind } = cause.next;
        const values = { kind, key, before: was?.value ?? null, after: becomes?.value ?? null };
        expand(items, app, environment, values, { visibility, room: cap - effective.length });
      }
    }
    effective.push(...items.sort(byPosition));
  }
  return { effective, effectiveTotal, errors: broken.errors() };
};

/** Definitions apply nowhere in particular. */
const isEffective = (kinds: KindRegistry, { kind }: EntryState): boolean =>
  kinds.get(kind)?.isGlobal !== true;

const groupByKey = (planned: readonly PlannedEntry[]): Map<string, PlannedEntry[]> => {
  const groups = new Map<string, PlannedEntry[]>();
  for (const entry of planned) {
    const group = entryGroupId(entry.next.kind, entry.next.key);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [entry]);
    else members.push(entry);
  }
  return groups;
};

/** One class for all names that own nothing (and for "none named"), one for each owner. */
const positionClasses = (
  names: readonly string[],
  entries: readonly EntryState[],
  member: "app" | "environment",
): PositionClass[] => {
  const owners = new Set(entries.map((entry) => entry[member]).filter((name) => name !== ""));
  const others = owners.size === 0 ? names : names.filter((name) => !owners.has(name));
  const classes: PositionClass[] = [{ representative: "", members: ["", ...others] }];
  for (const owner of owners) classes.push({ representative: owner, members: [owner] });
  return classes;
};

const affects = (entry: EntryState, app: PositionClass, environment: PositionClass): boolean =>
  (entry.app === "" || entry.app === app.representative) &&
  (entry.environment === "" || entry.environment === environment.representative);

/**
 * Gathers what breaks. Each thing is told once, and what breaks unseen only where nothing else does:
 * how often it breaks would tell of owners that the reader may not see.
 */
const createBroken = () => {
  const told = new Map<string, FieldError>();
  const seen = new Set<PlannedEntry>();
  const unseen = new Set<PlannedEntry>();
  return {
    isEnough: (): boolean => told.size >= maxErrors,
    add(cause: PlannedEntry, errors: readonly FieldError[], isSeen: boolean): void {
      (isSeen ? seen : unseen).add(cause);
      if (!isSeen) return;
      for (const error of errors) told.set(`${error.path} ${error.message}`, error);
    },
    errors: (): FieldError[] => {
      const hidden = [...unseen].filter((cause) => !seen.has(cause)).map(hiddenError);
      return [...told.values(), ...hidden].slice(0, maxErrors);
    },
  };
};

const judge = (
  kinds: KindRegistry,
  cause: PlannedEntry,
  chain: readonly EntryState[],
): FieldError[] => {
  const resolved = resolveChain(chain);
  const kind: Kind | undefined = kinds.get(cause.next.kind);
  if (resolved === undefined || kind === undefined) return [];
  const schemas = chain.flatMap((entry) =>
    entry.schema === undefined
      ? []
      : [{ schema: entry.schema, from: describeScope(entry.app, entry.environment) }],
  );
  const { app, environment } = placeOf([cause.next, ...chain]);
  const own =
    resolved.winner === cause.next &&
    resolved.contributors.length === 1 &&
    cause.next.app === app &&
    cause.next.environment === environment;
  const place = `operations.${cause.operationIndex}`;
  const position = describeScope(app, environment);
  return kind.checkEffective({ value: resolved.value, schemas }).map(({ path, message }) =>
    own
      ? { path: [place, "value", path].filter((part) => part !== "").join("."), message }
      : {
          path: place,
          message: `the effective value of "${cause.next.key}" in ${position} would break a rule${path === "" ? "" : ` at "${path}"`}: ${message}`,
        },
  );
};

/** The widest scope in which all of these apply: who else owns the key does not show in it. */
const placeOf = (entries: readonly EntryState[]): Pick<EntryState, "app" | "environment"> => ({
  app: entries.find((entry) => entry.app !== "")?.app ?? "",
  environment: entries.find((entry) => entry.environment !== "")?.environment ?? "",
});

/** Of the positions of a class, those that the reader may see. */
const countPositions = (
  visibility: Visibility,
  { next: { key, kind } }: PlannedEntry,
  apps: PositionClass,
  environments: PositionClass,
): number => {
  if (visibility.isWhole) return apps.members.length * environments.members.length;
  let count = 0;
  for (const app of apps.members) {
    for (const environment of environments.members) {
      if (visibility.sees({ kind, app, environment }, key)) count += 1;
    }
  }
  return count;
};

/** A rule that breaks where the reader sees nothing: that it does must be said, and nothing else. */
const hiddenError = ({ next, operationIndex }: PlannedEntry): FieldError => ({
  path: `operations.${operationIndex}`,
  message: `the effective value of "${next.key}" would break a rule in a scope that you may not see`,
});

const expand = (
  items: EffectiveChange[],
  apps: PositionClass,
  environments: PositionClass,
  values: Pick<EffectiveChange, "key" | "before" | "after"> & { readonly kind: string },
  { room, visibility }: { readonly room: number; readonly visibility: Visibility },
): void => {
  for (const app of apps.members) {
    for (const environment of environments.members) {
      if (items.length >= room) return;
      if (!visibility.sees({ kind: values.kind, app, environment }, values.key)) continue;
      items.push({
        app: toPublicScope(app),
        environment: toPublicScope(environment),
        key: values.key,
        before: values.before,
        after: values.after,
      });
    }
  }
};

const byPosition = (a: EffectiveChange, b: EffectiveChange): number =>
  compare(a.app ?? "", b.app ?? "") || compare(a.environment ?? "", b.environment ?? "");

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
