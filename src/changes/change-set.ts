import type { Merge } from "../layers/resolve.ts";
import type { TagCondition } from "../platform/entity-tag.ts";
import type { Json } from "../platform/json.ts";
import type { EntryName } from "./state.ts";

/** What `If-Match` and `If-None-Match` say of one operation's target. */
export interface Precondition {
  readonly ifMatch?: TagCondition | undefined;
  readonly ifNoneMatch?: TagCondition | undefined;
  /** Whether the tag is of the raw entry or of what its scope's readers see. */
  readonly of: "entry" | "effective";
}

interface Conditions {
  /** 0 means "must not exist". */
  readonly expectedVersion?: number | undefined;
  readonly precondition?: Precondition | undefined;
}

/** For `schema`, `description` and `merge`: absent keeps what the entry has, `null` removes it. */
export interface PutOperation extends EntryName, Conditions {
  readonly op: "put";
  readonly value: Json;
  readonly schema?: Json | undefined;
  readonly description?: string | null | undefined;
  readonly merge?: Merge | undefined;
}

export interface DeleteOperation extends EntryName, Conditions {
  readonly op: "delete";
}

export type Operation = PutOperation | DeleteOperation;

/** A change set as it is judged: parsed, its operations in the order in which they were sent. */
export interface ChangeSet {
  readonly message: string;
  readonly operations: readonly Operation[];
  readonly expectedRevision?: number | undefined;
  readonly allowLargeChange?: boolean | undefined;
  /** Of layers that the actor sees in part: how many of their keys, by `layerId`. */
  readonly visibleKeys?: ReadonlyMap<string, number> | undefined;
}

/** One entry's change, in the words of the API: `null` in a scope means "all", in a value "absent". */
export interface Change {
  readonly op: "put" | "delete";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly version: number;
  readonly before: Json;
  readonly after: Json;
}

/** One effective value that a change set alters for the readers of (app, environment). */
export interface EffectiveChange {
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly before: Json;
  readonly after: Json;
}

/** The answer to a change set. `revision` is null for a dry run. */
export interface CommitResult {
  readonly revision: number | null;
  readonly changes: readonly Change[];
  readonly effective: readonly EffectiveChange[];
  readonly effectiveTotal: number;
}
