import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase } from "../helpers/database.ts";
import { effort } from "../helpers/effort.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { type FleetLog, type Lapse, runUnsteady } from "./unsteady-runtime.ts";

const specs = 10_000;
const runtimes = 50;
const leaseSeconds = 5;
/** How long a spec may lie about after its lease has ended. */
const stuckSeconds = 10;
/** Kills and pauses; each happens to a runtime that holds something. */
const lapses = Math.min(1_000, 100 * effort);

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let server: Server;
let api: Api;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startServer({ DATABASE_URL: database.url }, () => ({
    command: ["node", "src/entry/node.ts"],
  }));
  api = createApi(
    () => server,
    () => {},
  );
});

afterAll(async () => {
  await server?.stop();
  await database.drop();
});

const put = (kind: string, key: string, value: object) => ({ op: "put", kind, key, value });

const commit = async (operations: readonly object[]): Promise<void> => {
  const body = { message: "define", allowLargeChange: true, operations };
  const reply = await api.post("/v1/changes", body);
  expect(reply).toMatchObject({ status: 201 });
};

/** Has the product render them, some change sets behind another. */
const defineAttestations = async (): Promise<void> => {
  await commit([
    put("control", "c", { title: "Control" }),
    put("component", "p", { title: "Component", controls: ["c"] }),
    put("assessment", "s", { title: "Assessment", components: ["p"] }),
  ]);
  const names = Array.from({ length: specs }, (_, index) => `a.${index}`);
  const value = { title: "Attestation", assessment: "s", components: ["p"] };
  const perChangeSet = 500;
  for (let start = 0; start < specs; start += perChangeSet) {
    const some = names.slice(start, start + perChangeSet);
    await commit(some.map((name) => put("attestation", name, value)));
  }
};

/** How much is to be run, or not even rendered. */
const countLeft = async (): Promise<number> => {
  const [row] = await database.sql<{ done: number }[]>`
    select count(*)::int as done from fairlead.job_spec_leases where due_at is null`;
  return specs - (row?.done ?? 0);
};

/** As many runtimes at any time as there are names; who is killed is followed by another. */
const runFleet = async (): Promise<FleetLog> => {
  const log: FleetLog = { accepted: [], lapses: [], refused: 0 };
  let isDone = false;
  let left = lapses;
  const fate = () => {
    // Spread over the whole of the work.
    if (left === 0 || Math.random() > (2 * lapses) / specs) return "goes on";
    left -= 1;
    return Math.random() < 0.5 ? "is killed" : "is paused";
  };
  const { adminKey: key, url } = server;
  const place = async (index: number): Promise<void> => {
    for (let life = 0; !isDone; life += 1) {
      const name = `r-${index}-${life}`;
      const limit = 1 + Math.floor(Math.random() * 20);
      await runUnsteady({ url, key, name, leaseSeconds, limit, log, fate, isDone: () => isDone });
    }
  };
  const watch = async (): Promise<void> => {
    while ((await countLeft()) > 0) await sleep(200);
    isDone = true;
  };
  await Promise.all([...Array.from({ length: runtimes }, (_, index) => place(index)), watch()]);
  return log;
};

/** By when a spec had its result, at the latest, after somebody had left it lying. */
const longestWaitSeconds = ({ atMs, ids }: Lapse, doneAtMs: ReadonlyMap<string, number>): number =>
  Math.max(...ids.map((id) => ((doneAtMs.get(id) ?? Infinity) - atMs) / 1_000));

it(`${runtimes} runtimes, killed and paused at random, run each of ${specs} specs exactly once`, {
  timeout: 300_000,
}, async () => {
  const [log] = await Promise.all([runFleet(), defineAttestations()]);
  const rows = await database.sql<
    { id: string; version: number; fence: number; run: number; receivedAt: string }[]
  >`
      select job_spec_id as id, version, fence, run, received_at as "receivedAt"
      from fairlead.job_spec_results`;
  const doneAtMs = new Map(rows.map(({ id, receivedAt }) => [id, Date.parse(receivedAt)]));
  // Every spec has a result, and none has two.
  expect(doneAtMs.size).toBe(specs);
  expect(rows).toHaveLength(specs);
  // What the runtimes were told is what there is.
  const told = log.accepted.map(({ fence, id, run, version }) => [id, version, fence, run].join());
  const kept = rows.map(({ fence, id, run, version }) => [id, version, fence, run].join());
  expect(told.toSorted()).toEqual(kept.toSorted());
  // Something did happen.
  expect(log.lapses).toHaveLength(lapses);
  expect(log.refused).toBeGreaterThan(0);
  const waits = log.lapses.map((lapse) => longestWaitSeconds(lapse, doneAtMs));
  expect(Math.max(...waits)).toBeLessThan(leaseSeconds + stuckSeconds);
});
