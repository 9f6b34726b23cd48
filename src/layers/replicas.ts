import type { Sql } from "../platform/sql.ts";
import { replacePool } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import type { MemoryPoint } from "./memory/layer-memory.ts";

/** Copies of the database that follow it, for reads which need not be of this very moment. */
export interface Replicas {
  /**
   * Reads from a replica that has reached a point. Where there is none, or where what is read there
   * fails, it is read from the primary: only what that says is final.
   */
  read<Result>(
    needed: MemoryPoint,
    primary: Sql,
    use: (sql: Sql) => Promise<Result>,
  ): Promise<Result>;
  /** Reads that replicas answered, and reads that went to the primary. */
  figures(): { readonly fromReplicas: number; readonly fromPrimary: number };
  close(): Promise<void>;
}

interface Replica {
  readonly sql: Sql;
  /** Where it was when it was asked last; it only goes on from there. */
  point: MemoryPoint | undefined;
  /** It is left alone until then. */
  idleUntilMs: number;
  asking: Promise<void> | undefined;
}

const askTimeoutMs = 1_000;
const readTimeoutMs = 10_000;
/** How long one that is behind, or away, is not asked again. */
const behindMs = 100;
const awayMs = 5_000;

export const createReplicas = (
  handles: readonly Sql[],
  nowMs: () => number = () => performance.now(),
): Replicas => {
  const replicas = handles.map(
    (sql): Replica => ({ sql, point: undefined, idleUntilMs: 0, asking: undefined }),
  );
  let turn = 0;
  let fromReplicas = 0;
  let fromPrimary = 0;

  const pick = async (needed: MemoryPoint): Promise<Replica | undefined> => {
    turn = (turn + 1) % replicas.length;
    const inTurn = [...replicas.slice(turn), ...replicas.slice(0, turn)];
    const awake = inTurn.filter(({ idleUntilMs }) => idleUntilMs <= nowMs());
    for (const replica of awake) if (hasReached(replica, needed)) return replica;
    for (const replica of awake) {
      await askPoint(replica, nowMs);
      if (hasReached(replica, needed)) return replica;
      replica.idleUntilMs = Math.max(replica.idleUntilMs, nowMs() + behindMs);
    }
    return undefined;
  };

  return {
    async read(needed, primary, use) {
      const replica = await pick(needed);
      if (replica !== undefined) {
        const { sql } = replica;
        try {
          const result = await withDeadline(use(sql), readTimeoutMs, () => replacePool(sql));
          fromReplicas += 1;
          return result;
        } catch {
          // It may be away, or lack what was asked for; where it still is, it says when it is asked.
          replica.point = undefined;
        }
      }
      fromPrimary += 1;
      return use(primary);
    },
    figures: () => ({ fromReplicas, fromPrimary }),
    async close() {
      await Promise.all(handles.map((sql) => sql.end({ timeout: 1 })));
    },
  };
};

const hasReached = ({ point }: Replica, { epoch, revision }: MemoryPoint): boolean =>
  point?.epoch === epoch && point.revision >= revision;

/** Calls at one time share a query. */
const askPoint = (replica: Replica, nowMs: () => number): Promise<void> => {
  replica.asking ??= learnPoint(replica, nowMs).finally(() => {
    replica.asking = undefined;
  });
  return replica.asking;
};

const learnPoint = async (replica: Replica, nowMs: () => number): Promise<void> => {
  const { sql } = replica;
  try {
    const asking = currentPoint(sql);
    [replica.point] = await withDeadline(asking, askTimeoutMs, () => replacePool(sql));
  } catch {
    replica.point = undefined;
    replica.idleUntilMs = nowMs() + awayMs;
  }
};

const currentPoint = (sql: Sql) => sql<MemoryPoint[]>`
  select epoch, revision from fairlead.deployment`;
