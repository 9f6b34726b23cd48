import { createHash } from "node:crypto";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type AccessStore, createAccessStore } from "../../src/access/store/access-store.ts";
import { generateKey, hashKey, type NewKey } from "../../src/access/store/key-text.ts";
import { startEmbeddedPostgres } from "../../src/platform/embedded-postgres.ts";
import { migrate } from "../../src/platform/migrate.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import type { Bench } from "../bench.ts";
import { timeInterleaved } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, formatSpread, type Table } from "../report.ts";

const keyCount = 10_000;
const grantsEach = 10;
const wrongSecrets = 1_000;
const rounds = 9;
const syncs = 5;

const migrations = join(import.meta.dirname, "../../migrations");
const names = Array.from({ length: 100 }, (_, index) => `app-${index}`);

const grantsOf = (index: number) =>
  Array.from({ length: grantsEach }, (_, grant) => ({
    role: grant % 3 === 0 ? "editor" : "viewer",
    effect: grant === 9 ? "deny" : "allow",
    app: names[(index + grant) % names.length],
    environment: grant % 2 === 0 ? "production" : "staging",
    keys: [`service${grant}.*`],
  }));

/** `hashOf` tells under which hash a key is stored: another key's makes its secret a wrong one. */
async function insertKeys(sql: Sql, keys: readonly NewKey[], hashOf: (key: NewKey) => Buffer) {
  const rows = keys.map((key, index) => ({
    id: key.id,
    hash: hashOf(key).toString("hex"),
    grants: JSON.stringify(grantsOf(index)),
  }));
  await sql.begin(async (tx) => {
    await tx`update fairlead.access_state set version = version + 1`;
    await tx`
      insert into fairlead.api_keys
        (id, name, secret_hash, grants, default_app, default_environment, created_at, created_by,
         access_version)
      select r.id, 'a key of the bench', decode(r.hash, 'hex'), r.grants::json, '', '',
        clock_timestamp(), 'bench', s.version
      from json_to_recordset(${JSON.stringify(rows)}::text::json) r (id text, hash text, grants text)
      cross join fairlead.access_state s`;
  });
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use on the heap and in buffers, and resident. */
async function memory(sql: Sql) {
  // The driver holds what it read last, and the event loop what has just ended.
  await sql`select 1`;
  await nextTurn();
  collectGarbage();
  await nextTurn();
  collectGarbage();
  const { external, heapUsed, rss } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}

/** Knows nothing yet; its clock is the caller's. */
const createStore = (nowMs: () => number): AccessStore =>
  createAccessStore({
    bootstrapKey: "the-key-of-the-administrator",
    stalenessMs: Number.POSITIVE_INFINITY,
    confirmAfterMs: Number.POSITIVE_INFINITY,
    nowMs,
  });

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** What one store takes, in bytes a key: once it is synced, and once every key was used. */
async function fillStore(sql: Sql, texts: readonly string[]) {
  const before = await memory(sql);
  const store = createStore(() => 0);
  await store.syncOnce(sql);
  const synced = await memory(sql);
  for (const text of texts) await store.identify(sql, text);
  const used = await memory(sql);
  // What nobody needs any more would not be counted.
  presentAll(store, sql, texts);
  return {
    synced: (synced.used - before.used) / texts.length,
    used: (used.used - before.used) / texts.length,
    resident: (used.resident - before.resident) / texts.length,
  };
}

async function measureMemory(sql: Sql, texts: readonly string[]): Promise<string[][]> {
  const first = await fillStore(sql, texts);
  const later = [];
  // What the driver and the compiler keep for themselves is there by now.
  for (let round = 0; round < syncs; round++) later.push(await fillStore(sql, texts));
  return [
    ["bytes a key on the heap and in buffers", formatSpread(later.map(({ synced }) => synced))],
    [
      "the same once every key was used and is remembered",
      formatSpread(later.map(({ used }) => used)),
    ],
    ["bytes a key by which the process grew for the first store", formatCount(first.resident)],
  ];
}

async function measureSync(sql: Sql, texts: readonly string[]): Promise<Table> {
  const memoryRows = await measureMemory(sql, texts);
  const times: Record<"all" | "none" | "one", number[]> = { all: [], none: [], one: [] };
  for (let round = 0; round < syncs; round++) {
    const store = createStore(() => 0);
    times.all.push(await timeMs(() => store.syncOnce(sql)));
    times.none.push(await timeMs(() => store.syncOnce(sql)));
    const [key] = [generateKey()];
    await insertKeys(sql, [key], ({ hash }) => hash);
    times.one.push(await timeMs(() => store.syncOnce(sql)));
  }
  return {
    caption: `${formatCount(keyCount)} keys with ${grantsEach} grants each, read from PostgreSQL`,
    columns: ["what", "min / median / max"],
    rows: [
      ["first sync, ms", formatSpread(times.all)],
      ["sync with nothing new, ms", formatSpread(times.none)],
      ["sync with one new key, ms", formatSpread(times.one)],
      ...memoryRows,
    ],
  };
}

/** Every text is presented once; `expected` of them are admitted, or else refused. */
function presentAll(store: AccessStore, sql: Sql, texts: readonly string[]) {
  let admitted = 0;
  for (const text of texts) {
    try {
      const identity = store.identify(sql, text);
      if (identity instanceof Promise) throw new Error("a key was not known");
      admitted += 1;
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
  return admitted;
}

async function measureIdentify(sql: Sql, texts: readonly string[], wrong: readonly string[]) {
  let nowMs = 0;
  const [remembering, forgetting] = [createStore(() => 0), createStore(() => nowMs)];
  for (const store of [remembering, forgetting]) {
    await store.syncOnce(sql);
    if (presentAll(store, sql, texts) !== texts.length) throw new Error("a key was refused");
  }
  const mistyped = texts.map((text) => text.slice(0, -1) + (text.endsWith("a") ? "b" : "a"));
  for (const refused of [wrong, mistyped]) {
    if (presentAll(remembering, sql, refused) !== 0) throw new Error("a wrong key was admitted");
  }
  const known = new Map(texts.map((text) => [text, {}]));
  const cases = {
    "bare Map look-up": {
      count: keyCount,
      run: () => texts.filter((text) => known.has(text)).length,
    },
    "a remembered key": { count: keyCount, run: () => presentAll(remembering, sql, texts) },
    "bare SHA-256 of a key": {
      count: keyCount,
      run: () =>
        texts.filter((text) => createHash("sha256").update(text).digest()[0] !== -1).length,
    },
    "a known key, not remembered": {
      count: keyCount,
      run: () => {
        nowMs += 60_000;
        return presentAll(forgetting, sql, texts);
      },
    },
    "a wrong secret of a known key": {
      count: wrong.length,
      run: () => presentAll(remembering, sql, wrong) + 1,
    },
    "a wrong checksum": {
      count: mistyped.length,
      run: () => presentAll(remembering, sql, mistyped) + 1,
    },
  };
  const calls = Object.fromEntries(Object.entries(cases).map(([name, { run }]) => [name, run]));
  const timesNs = new Map(
    [...timeInterleaved(calls, rounds)].map(([name, times]) => [
      name,
      times.map((time) => time / cases[name as keyof typeof cases].count),
    ]),
  );
  return identifyTable(timesNs);
}

function identifyTable(timesNs: ReadonlyMap<string, readonly number[]>) {
  const ratios: Record<string, number> = {};
  const rows = [...timesNs].map(([name, times]) => {
    if (name.startsWith("bare")) return [name, formatNumber(median(times)), "", ""];
    const ceiling = name === "a remembered key" ? "bare Map look-up" : "bare SHA-256 of a key";
    const bare = timesNs.get(ceiling) ?? [];
    const ratio = median(times.map((time, round) => (bare[round] ?? Number.NaN) / time));
    ratios[`access/identify/${name}`] = ratio;
    return [name, formatNumber(median(times)), ceiling, formatNumber(ratio)];
  });
  const table = {
    caption: `Who presents a key, of ${formatCount(keyCount)} in turn`,
    columns: ["what", "ns", "ceiling", "speed against it"],
    rows,
  };
  return { table, ratios };
}

/** What a process that knows 10,000 keys holds, reads and takes to tell who presents one. */
export async function measureKeys(bench: Bench) {
  const postgres = await startEmbeddedPostgres({ dataDir: join(bench.directory, "access") });
  bench.onClose(() => postgres.stop());
  const sql = connectSql(postgres.url, { max: 1, longLived: true });
  bench.onClose(() => sql.end());
  await migrate(sql, migrations);
  const keys = Array.from({ length: keyCount }, generateKey);
  const wrong = Array.from({ length: wrongSecrets }, generateKey);
  await insertKeys(sql, keys, ({ hash }) => hash);
  const texts = keys.map(({ text }) => text);
  const sync = await measureSync(sql, texts);
  await insertKeys(sql, wrong, ({ id }) => hashKey(id));
  const identify = await measureIdentify(
    sql,
    texts,
    wrong.map(({ text }) => text),
  );
  const [row] = await sql<{ version: string }[]>`
    select current_setting('server_version') as version`;
  return {
    tables: [sync, identify.table],
    ratios: identify.ratios,
    postgresVersion: row?.version ?? "unknown",
  };
}
