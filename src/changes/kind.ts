import type { FieldError } from "../errors.ts";
import type { Merge } from "../layers/resolve.ts";
import type { Json } from "../platform/json.ts";

/** What a put makes of an entry, defaults and what it keeps of the current state filled in. */
export interface EntryContent {
  readonly value: Json;
  readonly schema: Json | undefined;
  readonly description: string | undefined;
  readonly merge: Merge;
}

/** An effective value, with the schemas of all entries of its key on the way to it, weakest first. */
export interface EffectiveValue {
  readonly value: Json;
  readonly schemas: readonly { readonly schema: Json; readonly from: string }[];
}

/** An entry of the global scope that a value names; `path` says where in its operation. */
export interface Reference {
  readonly path: string;
  readonly kind: string;
  readonly key: string;
}

/** What a value shows to others, who need not be permitted to read it by themselves. */
export interface Disclosures {
  /** Where this is what it was before, what is shown is too. */
  readonly basis: Json;
  /** Effective values. */
  readonly values: () => readonly (Reference & Scope)[];
  /** Entries that are shown together with what they name. */
  readonly entries: readonly Reference[];
}

interface Scope {
  readonly app: string;
  readonly environment: string;
}

/**
 * What a kind brings to the one write path: its rules and its redaction. `path` in the errors is
 * relative to the operation or to the effective value.
 */
export interface Kind {
  readonly name: string;
  /** Whether readers see its layers; compliance kinds and secrets stay inside. */
  readonly published: boolean;
  /** Whether its entries are in the global scope only, and nothing is resolved from them. */
  readonly isGlobal?: boolean;
  /** Rules of one entry by itself. May throw a Problem (`TOO_LARGE`) instead. */
  checkEntry(content: EntryContent): FieldError[];
  /** What a value names that must exist as long as it does; only of kinds that are global. */
  referencesOf?(value: Json): readonly Reference[];
  /** The scope that a value is about by its members `app` and `environment`, which must exist. */
  scopeOf?(value: Json): Scope | undefined;
  /** What whoever writes the value must be permitted to read. */
  disclosuresOf?(value: Json): Disclosures | undefined;
  /** Rules of what readers will see, whichever layer the change was in. */
  checkEffective(effective: EffectiveValue): FieldError[];
  /** What may leave the store in events, audit rows and logs in place of the value. */
  redact(value: Json): Json;
}

export type KindRegistry = ReadonlyMap<string, Kind>;

export const registerKinds = (...kinds: readonly Kind[]): KindRegistry =>
  new Map(kinds.map((kind) => [kind.name, kind]));
