import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKey } from "../conformance/limited-keys.ts";
import "../conformance/matchers.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { addJobSpecs, renderAnew } from "../helpers/job-spec-rows.ts";
import { type Launch, type Launched, type Server, startServer } from "../helpers/start-server.ts";
import { openEvents, type StreamClient } from "../streams/stream-client.ts";

const launches: Record<string, (launch: Launch) => Launched> = {
  Node: () => ({ command: ["node", "src/entry/node.ts"] }),
  Deno: ({ databaseHost, port }) => ({
    command: [
      "deno",
      "run",
      "--no-prompt",
      "--no-remote",
      "--cached-only",
      "--no-lock",
      `--allow-net=127.0.0.1:${port},${databaseHost}`,
      "--allow-env",
      "--allow-read=migrations",
      "src/entry/deno.ts",
    ],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }),
};

describe.each(Object.entries(launches))("the stream of a runtime on %s", (_, launch) => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let server: Server;
  let api: Api;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServer({ DATABASE_URL: database.url }, launch);
    api = createApi(
      () => server,
      () => {},
    );
  });
  afterAll(async () => {
    await server?.stop();
    await database.drop();
  });

  const open = (runtime: string, key = server.adminKey): Promise<StreamClient> =>
    openEvents({
      url: server.url,
      path: `/v1/runtimes/${runtime}/stream`,
      query: {},
      headers: { "x-api-key": key },
    });

  const claim = async (runtime: string): Promise<string> => {
    const [id = ""] = await addJobSpecs(database.sql, [{ attestation: `of.${runtime}` }]);
    const { status } = await api.post(`/v1/runtimes/${runtime}/claims`, { limit: 1 });
    expect(status).toBe(200);
    return id;
  };

  /** As the renderer does it. */
  const change = async (id: string, ...runtimes: string[]): Promise<void> => {
    await renderAnew(database.sql, id);
    await database.sql`select pg_notify('fairlead_job_specs', ${JSON.stringify(runtimes)})`;
  };

  const changes = (client: StreamClient): unknown[] =>
    client.events().map(({ data }) => (data as { data?: unknown }).data ?? data);

  it("tells at once of a new version of what it holds", async () => {
    const id = await claim("one");
    const client = await open("one");
    await client.until(({ events }) => events().length === 1);
    expect(client.events()).toMatchObject([{ event: "reset", data: { reason: "opened" } }]);
    await change(id, "one");
    await client.until(({ events }) => events().length === 2);
    expect(changes(client)[1]).toEqual({
      change: "changed",
      jobSpecId: id,
      attestation: "of.one",
      version: 2,
      fence: 1,
    });
    client.cut();
  });

  it("tells of what nobody notified it of", async () => {
    const id = await claim("quiet");
    const client = await open("quiet");
    await client.until(({ events }) => events().length === 1);
    await renderAnew(database.sql, id);
    await client.until(({ events }) => events().length === 2);
    expect(changes(client)[1]).toMatchObject({ change: "changed", version: 2 });
    client.cut();
  });

  it("goes on after its connections to PostgreSQL were broken off", async () => {
    const id = await claim("steady");
    const client = await open("steady");
    await client.until(({ events }) => events().length === 1);
    await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and application_name like 'fairlead%'`;
    await change(id, "steady");
    await client.until(({ events }) => events().length === 2);
    expect(changes(client)[1]).toMatchObject({ change: "changed", version: 2 });
    expect(client.endedWith()).toBeUndefined();
    client.cut();
  });

  it("is refused for another key's runtime, a wrong name, and without the permission", async () => {
    await claim("mine");
    const [other, reader] = [
      await createKey(api, [{ role: "runtime" }]),
      await createKey(api, [{ role: "viewer" }]),
    ];
    const statusOf = async (runtime: string, key: string): Promise<number> => {
      const path = `/v1/runtimes/${runtime}/stream`;
      const { status } = await api.send({ method: "GET", path, headers: { "x-api-key": key } });
      return status;
    };
    expect(await statusOf("mine", other.key)).toBe(403);
    expect(await statusOf("free", reader.key)).toBe(403);
    expect(await statusOf("-", server.adminKey)).toBe(400);
    expect(await statusOf("free", other.key)).toBe(200);
  });

  it("ends when its key is revoked", async () => {
    const { id, key } = await createKey(api, [{ role: "runtime" }]);
    const [client, stays] = [await open("revoked", key), await open("stays")];
    await api.delete(`/v1/api-keys/${id}`);
    await client.until(({ endedWith }) => endedWith() !== undefined);
    expect(client.events().at(-1)).toMatchObject({ event: "close", data: { reason: "key-ended" } });
    expect(stays.endedWith()).toBeUndefined();
    stays.cut();
  });

  it("tells everybody to come back when the process stops", async () => {
    const client = await open("last");
    await Promise.all([server.stop(), client.until(({ endedWith }) => endedWith() !== undefined)]);
    expect(client.events().at(-1)).toMatchObject({ event: "close", data: { reason: "stopping" } });
    server = { ...server, stop: async () => {} };
  });
});
