import type { CachePoint } from "../../src/layers/cache/layer-cache.ts";
import type { CommittedEntry, LayerName } from "../../src/layers/memory/memory-layer.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { type Link, steadyTarget } from "./network.ts";
import type { History, Origin } from "./origin.ts";

/** What a statement sees. */
interface Snapshot {
  readonly history: History;
  readonly point: CachePoint;
  readonly apps: readonly string[];
}

/**
 * A handle whose statements are answered from a simulated origin, over a link. It knows those of
 * publishing and of reading layers by a part of their text, and fails with any other.
 */
export const originSql = (origin: Origin, link: Link): Sql => {
  const query = (snapshot: () => Snapshot, strings: TemplateStringsArray, values: unknown[]) =>
    link.call(steadyTarget, () => answer(snapshot(), strings.join("?"), values));
  const begin = async (_mode: string, run: (tx: unknown) => Promise<unknown>): Promise<unknown> => {
    const taken = await link.call(steadyTarget, () => takeSnapshot(origin).history.order);
    const snapshot = takeSnapshot(origin);
    const inSnapshot = (): Snapshot => {
      const isOver = origin.current() !== snapshot.history || snapshot.history.order !== taken;
      if (isOver) throw new Error("this database has been replaced");
      return snapshot;
    };
    return run((strings: TemplateStringsArray, ...values: unknown[]) =>
      query(inSnapshot, strings, values),
    );
  };
  const handle = (strings: TemplateStringsArray, ...values: unknown[]) =>
    query(() => takeSnapshot(origin), strings, values);
  // The one thing else that is asked of a handle is to get new connections.
  return new Proxy(handle, {
    get: (_handle, name) => (name === "begin" ? begin : () => {}),
  }) as unknown as Sql;
};

const takeSnapshot = (origin: Origin): Snapshot => {
  const history = origin.current();
  return { history, point: history.newest(), apps: [...history.apps()] };
};

type Answer = (snapshot: Snapshot, values: readonly unknown[]) => unknown[];

const answer = (snapshot: Snapshot, text: string, values: readonly unknown[]): unknown[] => {
  const known = statements.find(([part]) => text.includes(part));
  if (known === undefined) throw new Error(`the simulated origin does not know:\n${text}`);
  return known[1](snapshot, values);
};

const newestPoint: Answer = ({ point }) => [point];

const names: Answer = ({ apps, history }) => [{ apps, environments: history.environments() }];

const changedByVersion: Answer = ({ history }, [after, to]) => {
  const changed = new Map<string, { changedAt: number; versions: number; layer: LayerName }>();
  for (const { entries, revision } of history.revisions().slice(Number(after), Number(to))) {
    for (const { app, environment, kind } of entries) {
      const layer = { kind, app, environment };
      const id = JSON.stringify(layer);
      const versions = (changed.get(id)?.versions ?? 0) + 1;
      changed.set(id, { changedAt: revision, versions, layer });
    }
  }
  return [...changed.values()].map(({ layer, ...rest }) => ({ ...layer, ...rest }));
};

const changedByHead: Answer = ({ history, point }, [after]) =>
  [...history.layers()].flatMap((layer) => {
    const changedAt = headOf(history.entriesAt(layer, point.revision));
    return changedAt > Number(after) ? [{ ...layer, changedAt, versions: null }] : [];
  });

const fullText: Answer = ({ history, point }, [app, environment, kind]) => {
  const layer = { kind, app, environment } as LayerName;
  const entries = history.entriesAt(layer, point.revision).map(stored);
  return [{ entries: entries.length === 0 ? null : JSON.stringify(entries) }];
};

const deltaTexts: Answer = ({ history, point }, [after, to, layers]) =>
  (JSON.parse(layers as string) as LayerName[]).flatMap((layer) => {
    const entries = history
      .entriesAt(layer, point.revision)
      .filter(({ revision }) => revision > Number(after) && revision <= Number(to));
    if (entries.length === 0) return [];
    return [{ ...layer, entries: JSON.stringify(entries.map(stored)) }];
  });

const committed: Answer = ({ apps, history, point }, values) => {
  const [namesVersion, epoch] = values;
  const [after, last] = [Number(values[7]), Number(values[8])];
  const hasNewNames = point.namesVersion !== namesVersion || point.epoch !== epoch;
  const isNear = epoch === point.epoch && after >= 0;
  const revisions = isNear ? history.revisions().slice(after, last) : [];
  return [
    {
      epoch: point.epoch,
      revision: point.revision,
      catalogueVersion: point.namesVersion,
      apps: hasNewNames ? apps : null,
      environments: hasNewNames ? history.environments() : null,
      revisions:
        revisions.length === 0
          ? null
          : revisions.map((one) => ({ ...one, entries: one.entries.map(storedWhole) })),
    },
  ];
};

const layers: Answer = ({ history, point }, [wanted]) =>
  (JSON.parse(wanted as string) as LayerName[]).map((layer) => {
    const entries = history.entriesAt(layer, point.revision);
    const { epoch, revision } = point;
    return { epoch, revision, ...layer, head: headOf(entries), entries: entries.map(storedWhole) };
  });

/** What publishers confirm: there are no keys here, and they never change. */
const confirmed: Answer = ({ point }) => [
  { epoch: point.epoch, revision: point.revision, names: point.namesVersion, version: 1 },
];

const access: Answer = ({ point }, [epoch, , version]) => {
  const isKnown = epoch === point.epoch && version === 1;
  const all = isKnown ? null : [];
  return [{ epoch: point.epoch, version: 1, roles: all, keys: all }];
};

const headOf = (entries: readonly CommittedEntry[]): number =>
  entries.reduce((newest, { revision }) => Math.max(newest, revision), 0);

const storedWhole = (entry: CommittedEntry) => ({ ...entry, schema: null, description: null });

const stored = (entry: CommittedEntry) => {
  const { app: _app, environment: _environment, kind: _kind, ...rest } = storedWhole(entry);
  return rest;
};

/** By a part that no other statement has. */
const statements: readonly (readonly [part: string, Answer])[] = [
  [`select epoch, revision, catalogue_version as "namesVersion"`, newestPoint],
  ["json_agg(name order by name)", names],
  ["count(*)::integer as versions", changedByVersion],
  ["null as versions", changedByHead],
  ["json_agg(found)::text as entries", fullText],
  ["e.version = v.version", deltaTexts],
  [`d.catalogue_version as "catalogueVersion"`, committed],
  ["d.catalogue_version as names, s.version", confirmed],
  ["from fairlead.access_state", access],
  ["coalesce(l.head_revision, 0) as head", layers],
];
