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

/**
 * What a kind brings to the one write path: its rules and its redaction. `path` in the errors is
 * relative to the operation or to the effective value.
 */
export interface Kind {
  readonly name: string;
  /** Whether readers see its layers; compliance kinds and secrets stay inside. */
  readonly published: boolean;
  /** Rules of one entry by itself. May throw a Problem (`TOO_LARGE`) instead. */
  checkEntry(content: EntryContent): FieldError[];
  /** Rules of what readers will see, whichever layer the change was in. */
  checkEffective(effective: EffectiveValue): FieldError[];
  /** What may leave the store in events, audit rows and logs in place of the value. */
  redact(value: Json): Json;
}

export type KindRegistry = ReadonlyMap<string, Kind>;

export const registerKinds = (...kinds: readonly Kind[]): KindRegistry =>
  new Map(kinds.map((kind) => [kind.name, kind]));
