import { type CachePoint, layerIdOf } from "../../src/layers/cache/layer-cache.ts";
import type { CommittedRevision, MemoryPoint } from "../../src/layers/memory/layer-memory.ts";
import type { CommittedEntry, LayerName } from "../../src/layers/memory/memory-layer.ts";

/** What a change does to one entry. */
export interface EntryChange {
  readonly layer: LayerName;
  readonly key: string;
  /** How many characters the value has; undefined deletes the entry. */
  readonly length: number | undefined;
}

/** One history of a deployment, all of it, as PostgreSQL would have it. */
export interface History {
  readonly epoch: string;
  /** Histories follow one another: a later one has a greater number. */
  readonly order: number;
  newest(): CachePoint;
  apps(): readonly string[];
  environments(): readonly string[];
  revisions(): readonly CommittedRevision[];
  layers(): Iterable<LayerName>;
  /** The entries of a layer as a revision left them, deleted ones too. */
  entriesAt(layer: LayerName, revision: number): readonly CommittedEntry[];
  commit(changes: readonly EntryChange[]): void;
  addApp(name: string): void;
}

interface Layer {
  readonly name: LayerName;
  /** Every version of each key, oldest first. */
  readonly versions: Map<string, CommittedEntry[]>;
}

/** The deployment, whose history may be replaced by a restore. */
export interface Origin {
  current(): History;
  historyOf(epoch: string): History;
  commit(changes: readonly EntryChange[]): void;
  /** As from a backup: an earlier revision, under a new epoch. */
  restore(revision: number): void;
  /** What was the newest at a time. */
  pointAt(atMs: number): MemoryPoint | undefined;
  /** For how long a point has not been the newest. */
  ageOf(point: MemoryPoint): number;
}

interface OriginOptions {
  readonly apps: readonly string[];
  readonly environments: readonly string[];
  readonly nowMs: () => number;
}

export const createOrigin = ({ apps, environments, nowMs }: OriginOptions): Origin => {
  let current = createHistory(0, { apps, environments, namesVersion: 1, revisions: [] });
  const histories = new Map([[current.epoch, current]]);
  const moves: { readonly atMs: number; readonly point: MemoryPoint }[] = [];
  const note = (): void => {
    moves.push({ atMs: nowMs(), point: current.newest() });
  };
  return {
    current: () => current,
    commit(changes) {
      current.commit(changes);
      note();
    },
    pointAt: (atMs) => moves.findLast((move) => move.atMs <= atMs)?.point,
    ageOf({ epoch, revision }) {
      const place = moves.findLastIndex(
        ({ point }) => point.epoch === epoch && point.revision <= revision,
      );
      const next = moves[place + 1];
      return next === undefined ? 0 : nowMs() - next.atMs;
    },
    historyOf(epoch) {
      const history = histories.get(epoch);
      if (history === undefined) throw new Error(`there was never an epoch "${epoch}"`);
      return history;
    },
    restore(revision) {
      current = createHistory(current.order + 1, {
        apps: current.apps(),
        environments,
        namesVersion: current.newest().namesVersion,
        revisions: current.revisions().filter((one) => one.revision <= revision),
      });
      histories.set(current.epoch, current);
      note();
    },
  };
};

interface Beginning {
  readonly apps: readonly string[];
  readonly environments: readonly string[];
  readonly namesVersion: number;
  readonly revisions: readonly CommittedRevision[];
}

const createHistory = (order: number, beginning: Beginning): History => {
  const epoch = order.toString(16).padStart(16, "0");
  const apps = [...beginning.apps];
  const revisions: CommittedRevision[] = [];
  const layers = new Map<string, Layer>();
  let { namesVersion } = beginning;
  const take = (revision: CommittedRevision): void => {
    revisions.push(revision);
    for (const entry of revision.entries) versionsOf(layers, entry).push(entry);
  };
  for (const revision of beginning.revisions) take(revision);
  return {
    epoch,
    order,
    newest: () => ({ epoch, revision: revisions.length, namesVersion }),
    apps: () => apps,
    environments: () => beginning.environments,
    revisions: () => revisions,
    layers: () => [...layers.values()].map(({ name }) => name),
    entriesAt(layer, revision) {
      const versions = layers.get(layerIdOf(layer))?.versions.values() ?? [];
      return [...versions].flatMap((all) => all.findLast((one) => one.revision <= revision) ?? []);
    },
    commit(changes) {
      const revision = revisions.length + 1;
      const entries = changes.map((change) => {
        const versions = versionsOf(layers, { ...change.layer, key: change.key });
        return makeEntry(change, { epoch, revision, version: versions.length + 1 });
      });
      take({ revision, committedAt: "2026-11-20T00:00:00.000000Z", message: "", entries });
    },
    addApp(name) {
      apps.push(name);
      namesVersion += 1;
    },
  };
};

const versionsOf = (
  layers: Map<string, Layer>,
  { key, ...entry }: LayerName & { readonly key: string },
): CommittedEntry[] => {
  const name = { kind: entry.kind, app: entry.app, environment: entry.environment };
  const id = layerIdOf(name);
  const layer = layers.get(id) ?? { name, versions: new Map<string, CommittedEntry[]>() };
  layers.set(id, layer);
  const versions = layer.versions.get(key) ?? [];
  layer.versions.set(key, versions);
  return versions;
};

const makeEntry = (
  { key, layer, length }: EntryChange,
  { epoch, revision, version }: { epoch: string; revision: number; version: number },
): CommittedEntry => ({
  ...layer,
  id: `${layerIdOf(layer)}/${key}`,
  key,
  version,
  revision,
  deleted: length === undefined,
  // So that no two histories say the same, even where they use one number.
  value: length === undefined ? null : `${epoch} ${revision} `.padEnd(length, "."),
  schema: undefined,
  description: undefined,
  merge: "replace",
});
