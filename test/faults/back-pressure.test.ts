import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../conformance/access-vocabulary.ts";
import { commit, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { type Api, createApi, type Reply } from "../helpers/http-api.ts";
import { type Launch, type Launched, type Server, startServer } from "../helpers/start-server.ts";

const query = "app=pay&environment=production";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "fairlead-pressure-"));
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const node = (): Launched => ({ command: ["node", "src/entry/node.ts"] });

const deno = ({ databaseHost, port }: Launch): Launched => ({
  command: [
    ...(["deno", "run", "--no-prompt", "--no-remote", "--cached-only", "--no-lock"] as const),
    `--allow-net=127.0.0.1:${port},${databaseHost}`,
    "--allow-env",
    "--allow-read=migrations",
    "src/entry/deno.ts",
  ],
  env: { DENO_NO_UPDATE_CHECK: "1" },
});

const apiOf = (server: Server): Api =>
  createApi(
    () => server,
    () => {},
  );

/** Holds up every statement that needs a table; the answer lets them go on. */
const lockTable = async (table: string): Promise<() => Promise<void>> => {
  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = database.sql.begin(async (tx) => {
    await tx.unsafe(`lock table fairlead.${table} in access exclusive mode`);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  return async () => {
    release.resolve();
    await holding;
  };
};

/** Waits until so many statements wait for a lock. */
const untilWaiting = (count: number): Promise<unknown> =>
  eventually(
    () => database.sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`,
    (rows) => rows.length >= count,
  );

describe("a full queue for the database", () => {
  it("refuses one more request with when to come again, and fails none that waits", async () => {
    const settings = {
      DATABASE_URL: database.url,
      DATABASE_POOL_SIZE: "2",
      DATABASE_QUEUE_SIZE: "3",
    };
    const server = await startServer(settings, node);
    const api = apiOf(server);
    try {
      await commit(api, [put({ app: "pay", key: "a", value: 1 })]);
      const warm = await api.get(`/v1/config/a?${query}`);
      const release = await lockTable("change_sets");
      const waiting: Promise<Reply>[] = [];
      try {
        for (let count = 0; count < 5; count += 1) waiting.push(api.get("/v1/changes"));
        await untilWaiting(2);
        const refused = await eventually(
          () => api.get("/v1/environments"),
          ({ status }) => status === 503,
        );
        expect(refused).toMatchObject({ status: 503, body: { code: "UNAVAILABLE" } });
        expect(refused.headers.get("retry-after")).toBe("1");
        const many = await Promise.all(Array.from({ length: 50 }, () => api.get("/v1/changes")));
        expect(new Set(many.map(({ status }) => status))).toEqual(new Set([503]));
        // What needs no database is answered as ever.
        const read = await api.get(`/v1/config/a?${query}`);
        expect([read.status, read.text]).toEqual([200, warm.text]);
        expect(await api.get(`/v1/config?${query}&prefix=a`)).toHaveStatus(200);
        expect(await api.get("/readyz")).toHaveStatus(200);
      } finally {
        await release();
      }
      const answers = await Promise.all(waiting);
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(200));
      expect(await api.get("/v1/environments")).toHaveStatus(200);
    } finally {
      await server.stop();
    }
  });
});

describe.each([
  ["Node", node],
  ["Deno", deno],
])("a process on %s that is told to stop", (_runtime, launch) => {
  it("answers the requests that it has, and takes no more", async () => {
    const server = await startServer({ DATABASE_URL: database.url }, launch);
    const api = apiOf(server);
    await commit(api, [put({ app: "pay", key: "a", value: Math.random() })]);
    const release = await lockTable("change_sets");
    const waiting = api.get("/v1/changes");
    await untilWaiting(1);
    const stopping = server.stop();
    await expect(
      eventually(
        () => api.get("/livez"),
        () => false,
      ),
    ).rejects.toThrow("fetch failed");
    await release();
    expect(await waiting).toHaveStatus(200);
    await stopping;
    expect(server.output()).not.toContain("failed to stop");
  });
});

describe("a process that has been used before", () => {
  it("is ready when the layers that were used last are in memory, and says what is missing", async () => {
    const settings = { DATABASE_URL: database.url, DATA_DIR: folder };
    const before = await startServer(settings, node);
    await commit(apiOf(before), [put({ app: "pay", key: "a", value: Math.random() })]);
    expect(await apiOf(before).get(`/v1/config?${query}`)).toHaveStatus(200);
    await before.stop();
    const release = await lockTable("layers");
    const server = await startServer(settings, node, "/livez").catch(async (error: unknown) => {
      await release();
      throw error;
    });
    const api = apiOf(server);
    try {
      expect(await api.get("/readyz")).toMatchObject({
        status: 503,
        body: {
          status: "not ready",
          revision: expect.any(Number),
          missing: ["4 of the layers that were used last"],
        },
      });
      await release();
      const ready = await eventually(
        () => api.get("/readyz"),
        ({ status }) => status === 200,
      );
      expect(ready).toMatchObject({ body: { status: "ok" } });
      const last = await lockTable("layers");
      expect(await api.get(`/v1/config?${query}`)).toHaveStatus(200);
      await last();
    } finally {
      await release();
      await server.stop();
    }
  });
});
