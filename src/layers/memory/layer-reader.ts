import { type Sql, unavailable } from "../../platform/sql.ts";
import { follow, followAnew, followOnce } from "./follow-once.ts";
import { inStoredOrder } from "./in-stored-order.ts";
import type {
  CommittedRun,
  KnownNames,
  LayerMemory,
  LoadedLayer,
  MemoryFigures,
  MemoryPoint,
} from "./layer-memory.ts";
import { sqlSource } from "./layer-source.ts";
import { loadMissing } from "./load-missing.ts";
import type { LayerName } from "./memory-layer.ts";
import { openView } from "./open-view.ts";
import {
  createReading,
  type OpenedView,
  type ReaderOptions,
  type Reading,
  type ReadPosition,
} from "./reading.ts";

/** What somebody was told, and readers must see from then on; any epoch where it names none. */
interface ToldRevision {
  readonly epoch?: string | undefined;
  readonly revision: number;
}

/** What was known at a time, whole. */
export interface KnownLayers extends MemoryPoint {
  readonly names: KnownNames;
  readonly layers: readonly LoadedLayer[];
  /** For how long it has not been known to be the newest. */
  readonly ageMs: number;
}

/** Counts since the start, and what there is now. */
interface LayerFigures extends MemoryFigures, MemoryPoint {
  readonly ageMs: number;
  /** Reads that memory answered, and those among them that waited for a layer. */
  readonly reads: number;
  readonly misses: number;
  /** Those that were older than promised. */
  readonly staleReads: number;
}

/** Reads from memory, and brings to memory what is not there. */
export interface LayerReader {
  readonly memory: LayerMemory;
  /** Takes in what was committed since; answers how many revisions. Calls at one time share a query. */
  followOnce(sql: Sql): Promise<{ readonly revisions: number }>;
  /** What a position resolves to, where that needs nobody to be asked. */
  peek(position: ReadPosition): OpenedView | undefined;
  /**
   * Gives `use` what a position resolves to, for it to take what it needs at once. Fails where
   * PostgreSQL is needed and away.
   */
  open<Result>(
    sql: Sql,
    position: ReadPosition,
    use: (opened: OpenedView) => Result,
  ): Promise<Result>;
  /** Brings layers into memory that are not there. */
  load(sql: Sql, names: readonly LayerName[]): Promise<void>;
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
  /**
   * Waits until readers see what somebody is about to be told, so that nobody's revision goes back.
   *
   * @throws Problem `UNAVAILABLE`
   */
  reach(sql: Sql, told: ToldRevision): Promise<void>;
  /** Begins with what was known at an earlier time. */
  begin(known: KnownLayers): void;
  /** How long ago it was known that nothing newer was committed. */
  ageMs(): number;
  /** Counts a read that memory answered; its age, where it is older than promised. */
  countRead(promisedMs: number): number | undefined;
  figures(): LayerFigures;
}

export const createLayerReader = (
  memory: LayerMemory,
  options: ReaderOptions = {},
): LayerReader => {
  const reading = createReading(memory, options);
  const ageMs = (): number => reading.nowMs() - reading.confirmedAtMs;
  return {
    memory,
    followOnce: (sql) => followOnce(reading, sql),
    peek: (position) => peek(reading, position),
    open: (sql, position, use) => openView(reading, sql, position, use),
    load: (sql, names) => loadMissing(reading, sql, names),
    existing: (sql, scope) => existing(reading, sql, scope),
    takeOwn: (run) => takeOwn(reading, run),
    reach: (sql, told) => reach(reading, sql, told),
    begin: (known) => begin(reading, known),
    ageMs,
    countRead(promisedMs) {
      const age = ageMs();
      reading.reads += 1;
      if (age <= promisedMs) return undefined;
      reading.staleReads += 1;
      return age;
    },
    figures: () => ({
      ...memory.figures(),
      ...memory.point(),
      ageMs: ageMs(),
      reads: reading.reads,
      misses: reading.misses,
      staleReads: reading.staleReads,
    }),
  };
};

const peek = ({ memory }: Reading, position: ReadPosition): OpenedView | undefined => {
  const { app, environment, kind } = position;
  const { apps, environments } = memory.names();
  if (app !== "" && !apps.has(app)) return undefined;
  if (environment !== "" && !environments.has(environment)) return undefined;
  const view = memory.view(kind, app, environment);
  if (view === undefined) return undefined;
  const { epoch, revision } = memory.point();
  return { epoch, revision, view };
};

const existing: (
  reading: Reading,
  ...parameters: Parameters<LayerReader["existing"]>
) => ReturnType<LayerReader["existing"]> = async (reading, sql, { app, environment }) => {
  const { memory } = reading;
  const known = () => ({
    appExists: app === "" || memory.names().apps.has(app),
    environmentExists: environment === "" || memory.names().environments.has(environment),
  });
  const now = known();
  if (now.appExists && now.environmentExists) return now;
  await followAnew(reading, sql);
  return known();
};

const takeOwn = (reading: Reading, run: CommittedRun): void => {
  const { memory } = reading;
  const revisions = run.revisions.map(({ entries, ...revision }) => ({
    ...revision,
    entries: entries.map((entry) => ({ ...entry, value: inStoredOrder(entry.value) })),
  }));
  if (memory.take({ ...run, revisions })) return;
  const newest = { epoch: run.epoch, revision: revisions.at(-1)?.revision ?? run.after };
  // Somebody else has committed in between, or begun a new history: both are learned by a look.
  if (!shows(memory.point(), newest)) reading.owed = newest;
};

const shows = (point: MemoryPoint, { epoch = point.epoch, revision }: ToldRevision): boolean =>
  point.epoch === epoch && point.revision >= revision;

const reach = async (reading: Reading, sql: Sql, told: ToldRevision): Promise<void> => {
  const isReached = (): boolean =>
    reading.owed === undefined && shows(reading.memory.point(), told);
  if (isReached()) return;
  try {
    await followAnew(reading, sql);
    if (reading.isCopy && !isReached()) await follow(reading, sqlSource(sql));
  } catch (error) {
    throw unavailable(error);
  }
};

const begin = (reading: Reading, known: KnownLayers): void => {
  const { memory } = reading;
  const { ageMs, epoch, layers, names, revision } = known;
  memory.reset({ epoch, revision }, names);
  for (const layer of layers) {
    memory.expect(layer.name);
    memory.add(layer);
  }
  reading.confirmedAtMs = reading.nowMs() - ageMs;
};
