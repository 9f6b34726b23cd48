import type { Permissions } from "../permissions/compile-permissions.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";

/** Whose eyes an answer is for. */
export type Reader = Pick<Permissions, "keys" | "mayEverywhere">;

interface Position {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
}

/** What a reader may see of what a change set does, for thousands of positions. */
export interface Visibility {
  readonly isWhole: boolean;
  /** Whether the reader sees every key of a layer, and so may know how many there are. */
  seesLayer(position: Position): boolean;
  sees(position: Position, key: string): boolean;
}

export const everythingVisible: Visibility = {
  isWhole: true,
  seesLayer: () => true,
  sees: () => true,
};

export const visibilityOf = (reader: Reader): Visibility => {
  if (reader.mayEverywhere("entries.read")) return everythingVisible;
  const filters = new Map<string, Map<string, KeyFilter>>();
  const filterOf = ({ app, environment, kind }: Position): KeyFilter => {
    const group = `${kind}/${app}`;
    const known = filters.get(group)?.get(environment);
    if (known !== undefined) return known;
    const filter = reader.keys("entries.read", kind, app, environment);
    const scopes = filters.get(group) ?? new Map<string, KeyFilter>();
    filters.set(group, scopes.set(environment, filter));
    return filter;
  };
  return {
    isWhole: false,
    seesLayer: (position) => filterOf(position).permits === "all",
    sees: (position, key) => filterOf(position).allows(key),
  };
};
