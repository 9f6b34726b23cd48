import { afterAll, beforeAll, expect, it } from "vitest";
import { connectSql } from "../../src/platform/sql.ts";
import { createApi } from "../helpers/http-api.ts";
import { addJobSpecs, renderAnew } from "../helpers/job-spec-rows.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../helpers/restartable-postgres.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { openEvents } from "../streams/stream-client.ts";

let postgres: RestartablePostgres;
let server: Server;

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  server = await startServer({ DATABASE_URL: postgres.url }, () => ({
    command: ["node", "src/entry/node.ts"],
  }));
});
afterAll(async () => {
  await server?.stop();
  await postgres.remove();
});

const withSql = async <Result>(use: (sql: ReturnType<typeof connectSql>) => Promise<Result>) => {
  const sql = connectSql(postgres.url, { max: 1 });
  try {
    return await use(sql);
  } finally {
    await sql.end();
  }
};

it("a stream lives while PostgreSQL is away, and tells afterwards what was missed", async () => {
  const { adminKey, url } = server;
  const api = createApi(
    () => server,
    () => {},
  );
  const [id = ""] = await withSql((sql) => addJobSpecs(sql, [{ attestation: "a" }]));
  // The lease outlives the outage.
  const claim = { limit: 1, leaseSeconds: 3_600 };
  expect(await api.post("/v1/runtimes/one/claims", claim)).toMatchObject({ status: 200 });
  const headers = { "x-api-key": adminKey };
  const client = await openEvents({ url, path: "/v1/runtimes/one/stream", query: {}, headers });
  await client.until(({ events }) => events().length === 1);
  await postgres.stop("immediate");
  const before = client.received.length;
  await client.until(({ received }) => received.length > before);
  expect(client.events()).toHaveLength(1);
  await postgres.start();
  await withSql((sql) => renderAnew(sql, id));
  await client.until(({ events }) => events().length === 2);
  expect(client.events()[1]?.data).toMatchObject({ data: { change: "changed", version: 2 } });
  expect(client.endedWith()).toBeUndefined();
  client.cut();
});
