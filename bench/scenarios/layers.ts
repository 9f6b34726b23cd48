import { composeDocument } from "../../src/layers/cache/layer-document.ts";
import { openLayerCache } from "../../src/layers/cache/open-layer-cache.ts";
import { publishLayers } from "../../src/layers/cache/publish-layers.ts";
import { readCachedLayer } from "../../src/layers/cache/read-cached-layers.ts";
import type { LayerName } from "../../src/layers/memory/memory-layer.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { installRedis } from "../../test/helpers/install-redis.ts";
import { startRedis } from "../../test/helpers/start-redis.ts";
import { startTemporaryPostgres } from "../../test/helpers/temporary-postgres.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { type WatchedCache, watchCache } from "../../test/helpers/watched-cache.ts";
import type { Bench } from "../bench.ts";
import { percentile } from "../measure/statistics.ts";
import { formatCount, formatNumber, type Report } from "../report.ts";

const keys = 50_000;
const layer: LayerName = { kind: "config", app: "", environment: "" };
// Until the deltas have made a full document due.
const changes = 25_000;
const fewChanges = 40;

const keyOf = (index: number): string => `service.setting.${String(index).padStart(5, "0")}`;
const valueOf = (turn: number): string => `${turn} `.padEnd(100, "x");

interface Row {
  readonly name: string;
  readonly bytes: number;
  readonly times: readonly number[];
  readonly readBytes: number;
  readonly readTimes: readonly number[];
}

/** What a change of one key costs those who publish a layer of 50,000 keys, and those who hold it. */
export async function layers(bench: Bench): Promise<Report> {
  const postgres = await startTemporaryPostgres();
  bench.onClose(() => postgres.stop());
  const redis = await startRedis(installRedis());
  bench.onClose(() => redis.remove());
  const sql = connectSql(postgres.url, { max: 4, longLived: true });
  bench.onClose(() => sql.end());
  await migrate(sql, new URL("../../migrations", import.meta.url).pathname);
  const opened = openLayerCache({ layerCacheUrl: redis.url, layerCacheToken: undefined });
  if (opened === undefined) throw new Error("there is no cache");
  bench.onClose(() => opened.close());
  const cache = watchCache(opened);
  await fill(sql);
  const rows = [
    await measureWhole(sql, cache),
    await measureChunks(sql, cache, 64),
    await measureChunks(sql, cache, 256),
    await measureDeltas(sql, cache),
  ];
  const [version] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  return { tables: [tableOf(rows)], ratios: {}, versions: { PostgreSQL: version?.version ?? "" } };
}

const fill = async (sql: Sql): Promise<void> => {
  const ctx = createTestContext(sql);
  for (let start = 0; start < keys; start += 10_000) {
    const some = Array.from({ length: 10_000 }, (_, index) =>
      put(keyOf(start + index), valueOf(0)),
    );
    await commit(ctx, ...some);
  }
  await sql`analyze`;
};

const timed = async (times: number[], work: () => Promise<unknown>): Promise<void> => {
  const begunMs = performance.now();
  await work();
  times.push(performance.now() - begunMs);
};

/** The layer, or so much of it, written and read anew for each change. */
const measurePart = async (
  sql: Sql,
  cache: WatchedCache,
  name: string,
  rangeOf: (turn: number) => readonly [string, string],
): Promise<Row> => {
  const times: number[] = [];
  const readTimes: number[] = [];
  const before = { ...cache.counts };
  for (let turn = 0; turn < fewChanges; turn += 1) {
    const [least, most] = rangeOf(turn);
    const place = { epoch: "0".repeat(16), layer, revision: turn, after: null };
    let made: ReturnType<typeof composeDocument> | undefined;
    await timed(times, async () => {
      made = composeDocument(place, await entriesText(sql, least, most));
      await cache.putDocuments([made]);
    });
    await timed(readTimes, async () => {
      const [text] = await cache.readDocuments(made === undefined ? [] : [made.name]);
      JSON.parse(text ?? "");
    });
    await cache.sweepDocuments(place.epoch, layer, () => true);
  }
  const { bytesPut, bytesRead } = cache.counts;
  const bytes = (bytesPut - before.bytesPut) / fewChanges;
  const readBytes = (bytesRead - before.bytesRead) / fewChanges;
  return { name, bytes, times, readBytes, readTimes };
};

const entriesText = async (sql: Sql, least: string, most: string): Promise<string> => {
  const [row] = await sql<{ entries: string }[]>`
    select json_agg(found)::text as entries from (
      select id, key, version, revision, deleted, value, schema, description, merge
      from fairlead.entries
      where app = '' and environment = '' and kind = 'config' and key between ${least} and ${most}
      order by key
    ) found`;
  return row?.entries ?? "[]";
};

const measureWhole = (sql: Sql, cache: WatchedCache): Promise<Row> =>
  measurePart(sql, cache, "the whole layer", () => [keyOf(0), keyOf(keys - 1)]);

const measureChunks = (sql: Sql, cache: WatchedCache, chunks: number): Promise<Row> => {
  const size = Math.ceil(keys / chunks);
  return measurePart(sql, cache, `one of ${chunks} chunks`, (turn) => {
    const chunk = (turn * 7) % chunks;
    return [keyOf(chunk * size), keyOf(Math.min(keys, (chunk + 1) * size) - 1)];
  });
};

/** As Fairlead does it; merging, and full documents that become due, are part of it. */
const measureDeltas = async (sql: Sql, cache: WatchedCache): Promise<Row> => {
  const ctx = createTestContext(sql);
  const { signal } = new AbortController();
  const publish = () => publishLayers({ cache, sql, kinds: ["config"], isAnew: false, signal });
  let held = await publish();
  const before = { ...cache.counts };
  const times: number[] = [];
  const readTimes: number[] = [];
  let readBytes = 0;
  for (let turn = 1; turn <= changes; turn += 1) {
    await commit(ctx, put(keyOf((turn * 7_919) % keys), valueOf(turn)));
    let point = held;
    await timed(times, async () => {
      point = await publish();
    });
    const readBefore = cache.counts.bytesRead;
    await timed(readTimes, () => readCachedLayer(cache, layer, held));
    readBytes += cache.counts.bytesRead - readBefore;
    held = point;
  }
  const bytes = (cache.counts.bytesPut - before.bytesPut) / changes;
  return { name: "deltas", bytes, times, readBytes: readBytes / changes, readTimes };
};

const milliseconds = (times: readonly number[]): string[] => {
  const sorted = times.toSorted((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  return [mean, percentile(sorted, 0.5), percentile(sorted, 0.99)].map(formatNumber);
};

const tableOf = (rows: readonly Row[]) => {
  return {
    caption: `One key of ${formatCount(keys)} changed, values of 100 bytes, Redis over TCP`,
    columns: [
      "published",
      "changes",
      "bytes written a change",
      "ms to publish: mean",
      "p50",
      "p99",
      "bytes read by a holder",
      "ms to read: mean",
      "p50",
      "p99",
    ],
    rows: rows.map(({ bytes, name, readBytes, readTimes, times }) => [
      name,
      formatCount(times.length),
      formatCount(bytes),
      ...milliseconds(times),
      formatCount(readBytes),
      ...milliseconds(readTimes),
    ]),
  };
};
