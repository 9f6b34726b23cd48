/** What clients saw of a deployment while faults happened, and what was left in the end. */
export interface History {
  /** Begins the token of every write of this history. */
  readonly run: string;
  readonly store: StoreRecord;
  /** A revision that everybody has had time to reach. */
  readonly settled: number;
  /** How far behind a read may be that does not say so. */
  readonly maxStalenessMs: number;
  /** Whether something happened after which a stream cannot be resumed: a restore, or a week. */
  readonly mayReset: boolean;
  readonly writes: readonly WriteRecord[];
  readonly reads: readonly ReadRecord[];
  readonly streams: readonly StreamRecord[];
  readonly cache: readonly CacheRecord[];
  readonly effects: EffectsRecord;
}

export interface Scope {
  readonly app: string;
  readonly environment: string;
}

interface EntryName extends Scope {
  readonly key: string;
}

export interface WrittenOperation extends EntryName {
  readonly op: "put" | "delete";
  /** Begins with the token of its write, which every put of it carries. */
  readonly value?: string;
  readonly expectedVersion?: number;
}

type Outcome =
  | {
      readonly kind: "acknowledged";
      readonly revision: number;
      readonly versions: readonly number[];
    }
  /** It says that nothing happened. */
  | { readonly kind: "refused"; readonly status: number }
  /** It happened once, or never. */
  | { readonly kind: "unknown" };

export interface WriteRecord {
  readonly token: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly operations: readonly WrittenOperation[];
  readonly outcome: Outcome;
}

export interface ReadRecord extends Scope {
  /** The TCP connection that it came over. */
  readonly connection: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly mode: "default" | "minRevision" | "strong";
  readonly minRevision?: number | undefined;
  /** Whether the answer says that it may be older than promised. */
  readonly isStale: boolean;
  readonly status: number;
  readonly revision: number;
  /** A whole document; of a read of one key that key alone. */
  readonly values: Readonly<Record<string, string>>;
  /** Of a read of one key. */
  readonly one?: { readonly key: string; readonly version: number } | undefined;
}

export interface StreamFilter extends Scope {
  readonly prefix: string;
  readonly values: boolean;
}

export interface StreamChange extends EntryName {
  readonly op: string;
  readonly version: number;
  readonly value?: unknown;
}

export interface StreamStep {
  readonly event: string | undefined;
  readonly epoch: string;
  readonly revision: number;
  readonly changes: readonly StreamChange[];
}

/** All that one client was told, over all its connections, each of which resumed where it was. */
export interface StreamRecord {
  readonly filter: StreamFilter;
  readonly steps: readonly StreamStep[];
}

export interface StoredEntry extends EntryName {
  readonly version: number;
  /** Absent where it is deleted. */
  readonly value?: string;
}

export interface StoredChange extends StoredEntry {
  readonly revision: number;
}

/** What PostgreSQL holds after all. */
export interface StoreRecord {
  readonly base: { readonly revision: number; readonly entries: readonly StoredEntry[] };
  readonly newest: number;
  /** Of the change sets after the base. */
  readonly revisions: readonly number[];
  /** In the order of revisions. */
  readonly log: readonly StoredChange[];
}

/** What a reader of the shared cache found. */
export type CacheRecord =
  | { readonly kind: "broken"; readonly detail: string }
  | {
      readonly kind: "set";
      readonly revision: number;
      readonly layers: readonly (Scope & { readonly entries: readonly StoredEntry[] })[];
    };

interface EffectsRecord {
  /** Revisions in the order in which an event consumer took them, since the base. */
  readonly events: readonly number[];
  /** Up to where a state consumer's copy is. */
  readonly copy: number;
  /** What the shared cache holds when it has had time to catch up. */
  readonly cache: CacheRecord;
}

export type Rule =
  | "the store has no gap"
  | "a write happens once and whole, as it was acknowledged"
  | "an answer is 200 or 503"
  | "a read shows the state at its revision"
  | "a strong read is not older than what was known before it"
  | "a read with minRevision is not older"
  | "a read older than promised says so"
  | "no connection goes back"
  | "a stream has no gap"
  | "a stream is not reset without need"
  | "the shared cache is whole"
  | "a consumer's effects are complete";

export interface Violation {
  readonly rule: Rule;
  readonly detail: string;
}
