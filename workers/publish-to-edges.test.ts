import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuredEdges } from "../src/edge/configured-edges.ts";
import { refillEdge } from "../src/edge/refill-edge.ts";
import { expireOutboxOnce } from "../src/outbox/expire-outbox.ts";
import { createLogger } from "../src/platform/log.ts";
import { parseSettings } from "../src/platform/settings.ts";
import { insertKey, revokeKey } from "../test/helpers/access-rows.ts";
import { commit, put } from "../test/helpers/change-sets.ts";
import { createTestDatabase } from "../test/helpers/database.ts";
import { consumerState, drain, stateConsumer } from "../test/helpers/drain.ts";
import { publishSecret, startEdge, type TestEdge } from "../test/helpers/edge/start-edge.ts";
import { createTestContext } from "../test/helpers/test-context.ts";
import { forgetEdgesOnce } from "./forget-edges.ts";
import { startWorkers } from "./start-workers.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let edges: readonly TestEdge[];
let stops: (() => Promise<unknown>)[];

beforeEach(async () => {
  stops = [];
  database = await createTestDatabase();
  edges = [await startEdge(), await startEdge()];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  for (const edge of edges) await edge.stop();
  await database.drop();
});

const environment = () => ({
  EDGE_URLS: edges.map(({ url }) => url).join(),
  EDGE_PUBLISH_SECRET: publishSecret,
});

const start = async (): Promise<void> => {
  const { sql, url: databaseUrl } = database;
  const log = createLogger("error", () => {});
  const settings = parseSettings(environment());
  stops.push(await startWorkers({ databaseUrl, sql, settings, log }));
};

const until = async (holds: () => boolean | undefined | Promise<boolean>): Promise<void> => {
  while ((await holds()) !== true) await sleep(10);
};

const nothing = { epoch: "", version: -1 };

const hasRevision = (edge: TestEdge, revision: number | null): boolean =>
  (edge.authority().readHeads([])?.point.revision ?? -1) >= (revision ?? 0);

const stateAtEdge = (edge: TestEdge, id: string): boolean | undefined =>
  edge
    .authority()
    .readAccess(nothing)
    ?.keys?.find((key) => key.id === id)?.revoked;

describe("workers with edges", () => {
  it("publish layers and keys to each, and one that is away holds up no other", async () => {
    const [one, other] = edges as [TestEdge, TestEdge];
    const ctx = createTestContext(database.sql);
    const key = await insertKey(database.sql);
    await start();
    await until(() => edges.every((edge) => stateAtEdge(edge, key.id) === false));
    one.intercept = async () => new Response("away", { status: 503 });
    const { revision } = await commit(ctx, put("a", 1));
    await revokeKey(database.sql, key.id);
    await until(() => hasRevision(other, revision) && stateAtEdge(other, key.id));
    expect([hasRevision(one, revision), stateAtEdge(one, key.id)]).toEqual([false, false]);
    const [consumer] = configuredEdges(parseSettings(environment()));
    await until(async () => (await consumerState(database.sql, consumer!.consumer)).attempts > 0);
    const { lastError } = await consumerState(database.sql, consumer!.consumer);
    expect(lastError).toContain("answered 503");
    one.intercept = async () => undefined;
    await until(() => hasRevision(one, revision) && stateAtEdge(one, key.id));
  });

  it("fill an edge that has lost everything, and one that they are told to fill", async () => {
    const [one] = edges as [TestEdge, TestEdge];
    const ctx = createTestContext(database.sql, { settings: environment() });
    const { revision } = await commit(ctx, put("a", 1));
    const key = await insertKey(database.sql);
    await start();
    await until(() => hasRevision(one, revision));
    one.lose();
    await until(() => hasRevision(one, revision) && stateAtEdge(one, key.id) === false);
    const status = () => one.connect().send({ op: "status" });
    await refillEdge(ctx, { edge: new URL(one.url).host });
    await until(async () => !(await status()).isFilling);
    expect(await status()).toMatchObject({ documents: 1, point: { revision } });
  });
});

describe("the consumer of an edge that is no longer configured", () => {
  const configured = () =>
    configuredEdges(parseSettings(environment())).map(({ consumer }) => consumer);
  const names = async (): Promise<string[]> => {
    const rows = await database.sql<{ name: string }[]>`
      select name from fairlead.consumers order by name`;
    return rows.map(({ name }) => name);
  };
  const age = (name: string, hours: number): Promise<unknown> =>
    database.sql`
      update fairlead.consumers
      set updated_at = clock_timestamp() - make_interval(hours => ${hours}),
        last_error = 'away',
        last_error_at = clock_timestamp() - make_interval(hours => ${hours})
      where name = ${name}`.execute();
  const forget = () => forgetEdgesOnce({ sql: database.sql, consumers: configured() });

  it("is forgotten after a day in which nobody ran it, so that the outbox is not kept for it", async () => {
    const ctx = createTestContext(database.sql);
    const gone = "edge-gone-00000000";
    const [kept = ""] = configured();
    const stays = [kept, "edge-current-11111111", "layers", "other"];
    const current = stateConsumer("edge-current-11111111", async ({ newest }) => newest);
    const consumers = [gone, kept, "layers", "other"].map((name) =>
      stateConsumer(name, async () => Promise.reject(new Error("away"))),
    );
    await commit(ctx, put("a", 1));
    for (const consumer of [...consumers, current]) await drain(database.sql, consumer);
    for (const name of await names()) await age(name, 23);
    expect(await forget()).toEqual({ forgotten: [] });
    for (const name of await names()) await age(name, 25);
    expect(await forget()).toEqual({ forgotten: [gone] });
    expect(await names()).toEqual(stays.toSorted());
    const behind = [kept, "layers", "other"];
    await database.sql`
      update fairlead.consumers set revision = (select revision from fairlead.deployment)
      where name in (select json_array_elements_text(${JSON.stringify(behind)}::text::json))`;
    await database.sql`
      update fairlead.outbox set committed_at = clock_timestamp() - interval '30 days'`;
    expect(await expireOutboxOnce({ sql: database.sql, windowDays: 7 })).toEqual({ deleted: 1 });
  });

  it("begins where its edge stands when it is configured again", async () => {
    const ctx = createTestContext(database.sql);
    const { revision } = await commit(ctx, put("a", 1));
    await start();
    await until(() => edges.every((edge) => hasRevision(edge, revision)));
    await stops.pop()?.();
    await database.sql`delete from fairlead.consumers where name like 'edge-%'`;
    const { revision: next } = await commit(ctx, put("a", 2));
    await start();
    await until(() => edges.every((edge) => hasRevision(edge, next)));
    const told = edges[0]!.authority().committed({ epoch: "", revision: -1 }, -1)!;
    const { epoch } = told.newest;
    const { run } = edges[0]!.authority().committed({ epoch, revision: revision! }, 0)!;
    expect(run?.revisions.map((one) => one.revision)).toEqual([next]);
  });
});
