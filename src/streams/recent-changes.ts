import type { CommittedRun, MemoryPoint } from "../layers/memory/layer-memory.ts";
import { toPublicScope } from "../platform/names.ts";

/** One entry's change, as far as streams tell of it. */
export interface StreamChange {
  readonly key: string;
  /** Its members as JSON, without the braces, made once for all who are told. */
  readonly text: string;
}

/** A committed revision, as far as streams tell of it. */
export interface StreamRevision {
  readonly revision: number;
  readonly committedAt: string;
  readonly changeCount: number;
  /** By the scope of the layer, as `scopeId` writes it. */
  readonly byScope: ReadonlyMap<string, readonly StreamChange[]>;
}

/** The revisions that a process has seen, the newest ones, without a gap. */
export interface RecentChanges {
  /** Everything after this revision is here. */
  base(): number;
  newest(): number;
  append(run: CommittedRun): void;
  /** Those after one revision, up to another. */
  between(after: number, upTo: number): readonly StreamRevision[];
  /** Gives up the oldest where there are too many, but nothing after a revision that is still needed. */
  trim(needed: number): void;
  /** Forgets everything, and begins at another point. */
  reset(point: MemoryPoint): void;
}

export const streamedKind = "config";

/** Names hold no "/", so it separates them without doubt. */
export const scopeId = (app: string, environment: string): string => `${app}/${environment}`;

interface ChangedEntry {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly key: string;
  readonly version: number;
  readonly deleted: boolean;
}

export const toStreamRevision = (
  revision: number,
  committedAt: string,
  entries: readonly ChangedEntry[],
): StreamRevision => {
  const byScope = new Map<string, StreamChange[]>();
  let changeCount = 0;
  for (const { app, deleted, environment, key, kind, version } of entries) {
    if (kind !== streamedKind) continue;
    changeCount += 1;
    const text = JSON.stringify({
      op: deleted ? "delete" : "put",
      kind,
      app: toPublicScope(app),
      environment: toPublicScope(environment),
      key,
      version,
    }).slice(1, -1);
    const id = scopeId(app, environment);
    const changes = byScope.get(id);
    if (changes === undefined) byScope.set(id, [{ key, text }]);
    else changes.push({ key, text });
  }
  return { revision, committedAt, changeCount, byScope };
};

/** @param maxRevisions past which, or past ten times as many changes, the oldest are given up */
export const createRecentChanges = (point: MemoryPoint, maxRevisions = 4_096): RecentChanges => {
  let revisions: StreamRevision[] = [];
  let base = point.revision;
  let changeCount = 0;
  return {
    base: () => base,
    newest: () => base + revisions.length,
    append(run) {
      for (const { committedAt, entries, revision } of run.revisions) {
        const made = toStreamRevision(revision, committedAt, entries);
        revisions.push(made);
        changeCount += made.changeCount;
      }
    },
    between: (after, upTo) => revisions.slice(after - base, upTo - base),
    trim(needed) {
      let surplus = 0;
      const mayGo = (): boolean =>
        revisions.length - surplus > maxRevisions || changeCount > 10 * maxRevisions;
      while (base + surplus < needed && mayGo()) {
        changeCount -= revisions[surplus]?.changeCount ?? 0;
        surplus += 1;
      }
      if (surplus === 0) return;
      revisions = revisions.slice(surplus);
      base += surplus;
    },
    reset(to) {
      revisions = [];
      changeCount = 0;
      base = to.revision;
    },
  };
};
