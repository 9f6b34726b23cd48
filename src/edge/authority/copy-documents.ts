import { copyNameOf, copyNamesOf } from "../copy-names.ts";
import type { AuthoritySql } from "./authority-sql.ts";

/** The part of Workers KV that copies need. */
export interface CopyStore {
  get(name: string): Promise<string | null>;
  put(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
}

type WritableStore = Pick<CopyStore, "delete" | "put">;

interface CopyCounts {
  readonly copied: number;
  readonly removed: number;
}

interface CopiedRow {
  readonly id: number;
  readonly epoch: string;
  readonly layer: string;
  readonly revision: number;
  readonly hash: string;
  readonly parts: number;
}

/** Past this a write to KV has failed; should it come after all, it does no harm. */
const writeTimeoutMs = 10_000;

/** A Worker may have so many operations under way. */
const atOnce = 6;
const removedAtOnce = 60;

/**
 * Copies the documents to KV that are whole here, and then removes copies of those that are gone. To be
 * run one at a time: what fails is left for the next one.
 */
export const copyDocuments = async (sql: AuthoritySql, slow: CopyStore): Promise<CopyCounts> => {
  const store = inTime(slow);
  let copied = 0;
  for (;;) {
    const document = nextToCopy(sql);
    if (document === undefined) break;
    await copyDocument(sql, store, document);
    copied += 1;
  }
  return { copied, removed: await removeCopies(sql, store) };
};

/** A write that never ends would hold up all others. */
const inTime = (store: WritableStore): WritableStore => ({
  put: (name, text) => ended(store.put(name, text)),
  delete: (name) => ended(store.delete(name)),
});

const ended = async (writing: Promise<void>): Promise<void> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("KV does not answer")), writeTimeoutMs);
  try {
    await Promise.race([writing, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Whether something is left to be copied or removed. */
export const isCopyOwed = (sql: AuthoritySql): boolean =>
  nextToCopy(sql) !== undefined || sql.exec("select name from copies_to_remove limit 1").length > 0;

const nextToCopy = (sql: AuthoritySql): CopiedRow | undefined =>
  sql.exec<CopiedRow>(
    `select id, epoch, layer, revision, hash, parts from documents
    where is_copied = 0 and whole_in is not null order by id limit 1`,
  )[0];

const copyDocument = async (
  sql: AuthoritySql,
  store: WritableStore,
  document: CopiedRow,
): Promise<void> => {
  const { id, parts } = document;
  // It may have been there before, been removed, and have come again.
  for (const name of copyNamesOf(document)) {
    sql.exec("delete from copies_to_remove where name = ?", name);
  }
  for (let first = 1; first <= parts; first += atOnce) {
    const count = Math.min(atOnce, parts - first + 1);
    const rows = sql.exec<{ part: number; text: string }>(
      "select part, text from document_parts where document = ? and part >= ? and part < ?",
      id,
      first,
      first + count,
    );
    await Promise.all(
      rows.map(({ part, text }) => store.put(copyNameOf(document, part), `${parts}:${text}`)),
    );
  }
  sql.exec("update documents set is_copied = 1 where id = ?", id);
};

/** KV takes one write a second of a name: what it refuses to remove is removed another time. */
const removeCopies = async (sql: AuthoritySql, store: WritableStore): Promise<number> => {
  const rows = sql.exec<{ name: string }>(
    "select name from copies_to_remove order by name limit ?",
    removedAtOnce,
  );
  let removed = 0;
  for (let start = 0; start < rows.length; start += atOnce) {
    const group = rows.slice(start, start + atOnce).map(({ name }) => name);
    const outcomes = await Promise.allSettled(group.map((name) => store.delete(name)));
    for (const [index, { status }] of outcomes.entries()) {
      if (status === "rejected") continue;
      sql.exec("delete from copies_to_remove where name = ?", group[index] ?? "");
      removed += 1;
    }
  }
  return removed;
};
