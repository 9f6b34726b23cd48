import { Problem } from "../../errors.ts";
import { type Sql, unavailable } from "../../platform/sql.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { CommittedRun, LayerMemory, MemoryPoint } from "./layer-memory.ts";
import { loadLayers } from "./load-layers.ts";
import type { LayerName } from "./memory-layer.ts";
import type { PositionView } from "./position-view.ts";
import { readCommitted } from "./read-committed.ts";

/** What a position resolves to now, and how old "now" may be. */
export interface OpenedView extends MemoryPoint {
  readonly view: PositionView;
}

/** Reads from memory, and brings to memory what is not there. */
export interface LayerReader {
  readonly memory: LayerMemory;
  /** Takes in what was committed since; answers how many revisions. Calls at one time share a query. */
  followOnce(sql: Sql): Promise<{ readonly revisions: number }>;
  /** What a position resolves to, where that needs nobody to be asked. */
  peek(position: Omit<Position, "minRevision">): OpenedView | undefined;
  /**
   * @throws Problem `UNAVAILABLE` where PostgreSQL is needed and away
   */
  open(sql: Sql, position: Position): Promise<OpenedView>;
  /** Whether names exist, asking PostgreSQL before it says no. */
  existing(
    sql: Sql,
    scope: { readonly app: string; readonly environment: string },
  ): Promise<{
    readonly appExists: boolean;
    readonly environmentExists: boolean;
  }>;
  /** Takes in what this process has committed; readers see it before it is acknowledged. */
  takeOwn(run: CommittedRun): void;
  /** How long ago it was known that nothing newer was committed. */
  ageMs(): number;
}

interface Position {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  /** Not older than this. */
  readonly minRevision?: number | undefined;
}

const queryTimeoutMs = 3_000;
const maxAttempts = 5;

export const createLayerReader = (
  memory: LayerMemory,
  nowMs: () => number = () => performance.now(),
): LayerReader => {
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  /** What this process has acknowledged: its own readers must have it. */
  let ownRevision = 0;
  let following: Promise<{ revisions: number }> | undefined;
  const loading = new Map<string, Promise<void>>();

  const follow = async (sql: Sql): Promise<{ revisions: number }> => {
    let revisions = 0;
    for (;;) {
      const startedMs = nowMs();
      const point = memory.point();
      const reading = readCommitted(sql, point, memory.names().version);
      const { names, newest, run } = await withDeadline(reading, queryTimeoutMs);
      if (names !== undefined) memory.takeNames(names);
      if (run === undefined) memory.reset(newest);
      else if (run.revisions.length > 0 && memory.take(run)) revisions += run.revisions.length;
      if (memory.point().revision >= newest.revision) {
        confirmedAtMs = Math.max(confirmedAtMs, startedMs);
        return { revisions };
      }
    }
  };

  const followOnce: LayerReader["followOnce"] = (sql) => {
    following ??= follow(sql).finally(() => {
      following = undefined;
    });
    return following;
  };

  /** A query that is under way may have begun before what is asked for was committed. */
  const followAnew = async (sql: Sql): Promise<void> => {
    await following?.catch(() => {});
    await followOnce(sql);
  };

  const load = async (sql: Sql, names: readonly LayerName[]): Promise<void> => {
    for (const name of names) memory.expect(name);
    const loaded = await withDeadline(loadLayers(sql, names), queryTimeoutMs * 10);
    const newest = loaded[0];
    // What was read may be ahead of what is known here, or of another history.
    if (newest !== undefined && isAhead(newest, memory.point())) await followAnew(sql);
    for (const layer of loaded) memory.add(layer);
  };

  /** Each layer is loaded once, however many ask for it. */
  const loadMissing = async (sql: Sql, names: readonly LayerName[]): Promise<void> => {
    const idle = names.filter((name) => !loading.has(JSON.stringify(name)));
    if (idle.length > 0) {
      const promise = load(sql, idle).finally(() => {
        for (const name of idle) loading.delete(JSON.stringify(name));
      });
      for (const name of idle) loading.set(JSON.stringify(name), promise);
    }
    await Promise.all(names.map((name) => loading.get(JSON.stringify(name))));
  };

  const openLoaded = async (sql: Sql, position: Position): Promise<OpenedView> => {
    const { app, environment, kind } = position;
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const view = memory.view(kind, app, environment);
      if (view !== undefined) return { ...memory.point(), view };
      await loadMissing(sql, memory.missing(kind, app, environment));
    }
    throw new Problem("UNAVAILABLE", "The layers cannot be held in memory.", {
      headers: { "retry-after": "1" },
    });
  };

  return {
    memory,
    followOnce,
    async open(sql, position) {
      try {
        const { minRevision = 0 } = position;
        const { revision } = memory.point();
        if (revision < minRevision) await followAnew(sql);
        // A process that cannot ask goes on with what it has.
        else if (revision < ownRevision) await followAnew(sql).catch(() => {});
        return await openLoaded(sql, position);
      } catch (error) {
        throw error instanceof Problem ? error : unavailable(error);
      }
    },
    peek({ app, environment, kind }) {
      const point = memory.point();
      const { apps, environments } = memory.names();
      if (point.revision < ownRevision) return undefined;
      if (app !== "" && !apps.has(app)) return undefined;
      if (environment !== "" && !environments.has(environment)) return undefined;
      const view = memory.view(kind, app, environment);
      return view === undefined
        ? undefined
        : { epoch: point.epoch, revision: point.revision, view };
    },
    async existing(sql, { app, environment }) {
      const known = () => ({
        appExists: app === "" || memory.names().apps.has(app),
        environmentExists: environment === "" || memory.names().environments.has(environment),
      });
      const now = known();
      if (now.appExists && now.environmentExists) return now;
      await followAnew(sql);
      return known();
    },
    takeOwn(run) {
      // Where somebody else committed in between, the next look takes in both.
      if (memory.take(run)) return;
      ownRevision = Math.max(ownRevision, run.revisions.at(-1)?.revision ?? 0);
    },
    ageMs: () => nowMs() - confirmedAtMs,
  };
};

const isAhead = (one: MemoryPoint, other: MemoryPoint): boolean =>
  one.epoch !== other.epoch || one.revision > other.revision;
