import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { answerHot, createApp } from "../app.ts";
import type { Deps } from "../context.ts";
import { buildDeps, createProcessState } from "../entry/build-deps.ts";
import { createHotResponses } from "../http/hot-response.ts";
import { noMetrics } from "../platform/metrics.ts";
import { parseSettings } from "../platform/settings.ts";
import { configRoutes } from "./routes.ts";

const adminKey = "the-key-of-the-administrator";
const scope = { app: "pay", environment: "production" };
const query = "app=pay&environment=production";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let deps: Deps;

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  const settings = parseSettings({});
  const ctx = createTestContext(sql);
  const state = createProcessState(adminKey, noMetrics, settings);
  deps = buildDeps(sql, settings, ctx.log, state);
  await commit(
    ctx,
    put("a", { b: 1 }),
    put("a", { c: 2 }, { ...scope, merge: "deep" }),
    put("b", 1),
  );
  await deps.access.syncOnce(sql);
  await deps.layers?.followOnce(sql);
  await deps.layers?.open(sql, { kind: "config", ...scope }, () => {});
});

afterAll(() => database.drop());
afterEach(() => vi.restoreAllMocks());

/** Nobody may be asked: whatever is tried with the handle fails. */
const noSql = new Proxy(() => {}, {
  apply: () => {
    throw new Error("the database was asked");
  },
}) as unknown as Deps["sql"];

const ask = (
  path: string,
  headers: Record<string, string> = {},
  settings = deps.settings,
): Response | Promise<Response> => {
  const own = { ...deps, settings, sql: noSql };
  const app = createApp({ deps: () => own });
  const answerAtOnce = createHotResponses((...asked) => answerHot(...asked, own), settings);
  const request = new Request(`http://localhost${path}`, {
    headers: { authorization: `Bearer ${adminKey}`, ...headers },
  });
  return answerAtOnce(request) ?? app.fetch(request);
};

describe.each([
  ["a value of one layer", `/v1/config/b?${query}`],
  ["a value that is merged", `/v1/config/a?${query}`],
  ["a document", `/v1/config?${query}`],
  ["a document that is new enough", `/v1/config?${query}&minRevision=1`],
])("%s in memory", (_name, path) => {
  it("is answered at once: nothing is waited for, and nobody is asked", async () => {
    // From then on the key is known to be good.
    await ask(path);
    const response = ask(path);
    expect(response).toBeInstanceOf(Response);
    const { headers, status } = await response;
    expect(status).toBe(200);
    const held = ask(path, { "if-none-match": headers.get("etag") ?? "" });
    expect(held).toBeInstanceOf(Response);
    expect((await held).status).toBe(304);
  });

  it("is answered without a schema, and a second time without making JSON", async () => {
    await ask(path);
    const schemas = configRoutes.flatMap(({ contract: { params, query: shape } }) =>
      [params, shape].flatMap((schema) => (schema === undefined ? [] : [schema])),
    );
    const parsed = schemas.map((schema) => vi.spyOn(schema, "safeParse"));
    const made = vi.spyOn(JSON, "stringify");
    expect((await ask(path)).status).toBe(200);
    expect(made.mock.calls).toEqual([]);
    expect(parsed.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
});

it("marks an answer that is older than promised, counts it, and answers it as fast", async () => {
  const { layers } = deps;
  const before = layers?.figures().staleReads ?? 0;
  const settings = { ...deps.settings, maxStalenessMs: -1 };
  const response = ask(`/v1/config/a?${query}`, {}, settings);
  expect(response).toBeInstanceOf(Response);
  expect(Number((await response).headers.get("config-stale"))).toBeGreaterThan(0);
  expect(layers?.figures().staleReads).toBe(before + 1);
  expect((await ask(`/v1/config/a?${query}`)).headers.has("config-stale")).toBe(false);
});
