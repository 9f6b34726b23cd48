import type { CachePoint } from "../../layers/cache/layer-cache.ts";
import type {
  CommittedRevision,
  CommittedRun,
  MemoryPoint,
} from "../../layers/memory/layer-memory.ts";
import type { Committed } from "../../layers/memory/read-committed.ts";
import { bytesOf, cutText } from "../text-parts.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { readState, writeState } from "./state.ts";

/** What the log keeps; who is further behind begins anew. */
const keptRevisions = 5_000;
const keptBytes = 64 * 1024 * 1024;

/** What is read at once: a call between Workers carries 32 MiB. */
const maxRevisions = 500;
const maxChanges = 10_000;
const maxBytes = 8 * 1024 * 1024;

interface Moved {
  readonly served: CachePoint | undefined;
  readonly to: CachePoint;
  readonly run: CommittedRun | undefined;
}

/** Keeps the log without a gap up to the point that heads are moved to; where it cannot, it is empty. */
export const appendRun = (sql: AuthoritySql, { run, served, to }: Moved): void => {
  if (served?.epoch === to.epoch && served.revision === to.revision) return;
  if (run === undefined || served === undefined || !isBetween(run, served, to)) {
    sql.exec("delete from revisions");
    sql.exec("delete from revision_parts");
    writeState(sql, "logBytes", 0);
    return;
  }
  let total = readState(sql, "logBytes") ?? 0;
  for (const one of run.revisions) total += append(sql, one);
  writeState(sql, "logBytes", trim(sql, to.revision, total));
};

const isBetween = (run: CommittedRun, served: CachePoint, to: CachePoint): boolean =>
  run.epoch === served.epoch &&
  run.epoch === to.epoch &&
  run.after === served.revision &&
  run.revisions.length === to.revision - served.revision &&
  run.revisions.every(({ revision }, index) => revision === run.after + index + 1);

const append = (sql: AuthoritySql, one: CommittedRevision): number => {
  const text = JSON.stringify(one);
  const bytes = bytesOf(text);
  sql.exec(
    "insert into revisions (revision, changes, bytes) values (?, ?, ?)",
    one.revision,
    one.entries.length,
    bytes,
  );
  for (const [index, part] of cutText(text).entries()) {
    sql.exec(
      "insert into revision_parts (revision, part, text) values (?, ?, ?)",
      one.revision,
      index + 1,
      part,
    );
  }
  return bytes;
};

/** Answers how many bytes are left. */
const trim = (sql: AuthoritySql, newest: number, total: number): number => {
  let left = total;
  for (;;) {
    const [oldest] = sql.exec<{ revision: number; bytes: number }>(
      "select revision, bytes from revisions order by revision limit 1",
    );
    if (oldest === undefined) return left;
    if (left <= keptBytes && oldest.revision > newest - keptRevisions) return left;
    sql.exec("delete from revisions where revision = ?", oldest.revision);
    sql.exec("delete from revision_parts where revision = ?", oldest.revision);
    left -= oldest.bytes;
  }
};

/** What was committed after a point, as `readCommitted` tells it; undefined where nothing was published. */
export const committed = (
  sql: AuthoritySql,
  point: MemoryPoint,
  namesVersion: number,
): Committed | undefined => {
  const served = readState(sql, "point");
  if (served === undefined) return undefined;
  const { epoch, revision } = served;
  const hasNames = served.namesVersion !== namesVersion || epoch !== point.epoch;
  const names = hasNames ? readState(sql, "names") : undefined;
  return {
    newest: { epoch, revision },
    run: runAfter(sql, point, served),
    names: names && {
      version: served.namesVersion,
      apps: new Set(names.apps),
      environments: new Set(names.environments),
    },
  };
};

const runAfter = (
  sql: AuthoritySql,
  { epoch, revision: after }: MemoryPoint,
  served: CachePoint,
): CommittedRun | undefined => {
  if (epoch !== served.epoch || after > served.revision) return undefined;
  if (after === served.revision) return { epoch, after, revisions: [] };
  const rows = sql.exec<{ revision: number; changes: number; bytes: number }>(
    "select revision, changes, bytes from revisions where revision > ? order by revision limit ?",
    after,
    maxRevisions,
  );
  if (rows[0]?.revision !== after + 1) return undefined;
  let changes = 0;
  let bytes = 0;
  const taken = rows.filter((row) => {
    const isTaken = changes < maxChanges && bytes < maxBytes;
    changes += row.changes;
    bytes += row.bytes;
    return isTaken;
  });
  return { epoch, after, revisions: taken.map(({ revision }) => readRevision(sql, revision)) };
};

const readRevision = (sql: AuthoritySql, revision: number): CommittedRevision => {
  const parts = sql.exec<{ text: string }>(
    "select text from revision_parts where revision = ? order by part",
    revision,
  );
  return JSON.parse(parts.map(({ text }) => text).join("")) as CommittedRevision;
};

/** How far back the log goes: revisions after this one are in it. */
export const logBegins = (sql: AuthoritySql): number | undefined => {
  const [oldest] = sql.exec<{ revision: number | null }>(
    "select min(revision) as revision from revisions",
  );
  return oldest?.revision == null ? undefined : oldest.revision - 1;
};
