import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import {
  bearer,
  type CreatedApiKey,
  eventually,
  makeKey,
} from "../conformance/access-vocabulary.ts";
import { commit, propose, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { type Api, createApi, type Reply } from "../helpers/http-api.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../helpers/restartable-postgres.ts";
import { type Launch, type Launched, type Server, startServer } from "../helpers/start-server.ts";

const path = "/v1/config?app=pay&environment=production";
const other = "/v1/config?app=search&environment=production";

let postgres: RestartablePostgres;
let folder: string;

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  folder = await mkdtemp(join(tmpdir(), "fairlead-start-"));
});

afterAll(async () => {
  await postgres.remove();
  await rm(folder, { recursive: true, force: true });
});

const runtimes: Readonly<Record<string, (launch: Launch) => Launched>> = {
  Node: () => ({ command: ["node", "src/entry/node.ts"] }),
  Deno: ({ databaseHost, port, settings }) => ({
    command: [
      "deno",
      "run",
      "--no-prompt",
      "--no-remote",
      "--cached-only",
      "--no-lock",
      `--allow-net=127.0.0.1:${port},${databaseHost}`,
      "--allow-env",
      `--allow-read=migrations,${settings["DATA_DIR"]}`,
      `--allow-write=${settings["DATA_DIR"]}`,
      "src/entry/deno.ts",
    ],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }),
};

const start = (runtime: string, settings: Readonly<Record<string, string>> = {}): Promise<Server> =>
  startServer(
    {
      DATABASE_URL: postgres.url,
      MAX_STALENESS_MS: "1000",
      DATA_DIR: join(folder, runtime),
      ...settings,
    },
    runtimes[runtime]!,
  );

const shown = ({ body, headers, status }: Reply) => ({ status, body, tag: headers.get("etag") });

/** A process that has read, and has stopped; then PostgreSQL goes away too. */
const leave = async (runtime: string) => {
  const server = await start(runtime);
  const api = createApi(
    () => server,
    () => {},
  );
  await commit(api, [
    put({ key: "global", value: { b: 1, a: 2 } }),
    put({ app: "pay", environment: "production", key: "own", value: runtime }),
    put({ app: "search", key: "own", value: runtime }),
  ]);
  const kept = await makeKey(api, [{ role: "viewer", app: "pay" }]);
  const revoked = await makeKey(api, [{ role: "viewer" }]);
  for (const key of [kept, revoked]) await api.get(path, bearer(key.key));
  await api.delete(`/v1/api-keys/${revoked.id}`);
  const before = shown(await api.get(path, bearer(kept.key)));
  await server.stop();
  await postgres.stop("fast");
  return { before, kept, revoked };
};

const expectUnavailable = (reply: Reply): void => {
  expect({ status: reply.status, code: (reply.body as { code?: string }).code }).toEqual({
    status: 503,
    code: "UNAVAILABLE",
  });
  expect(reply.headers.get("retry-after")).toBe("1");
};

/** Reads of what was used last are answered, for who was known; nothing else is. */
const expectReadsAlone = async (
  api: Api,
  { before, kept, revoked }: Awaited<ReturnType<typeof leave>>,
): Promise<void> => {
  const reply = await api.get(path, bearer(kept.key));
  expect(shown(reply)).toEqual(before);
  expect(Number(reply.headers.get("config-stale"))).toBeGreaterThanOrEqual(1);
  expect(await api.get(path, bearer(revoked.key))).toHaveStatus(401);
  expect(await api.get(other, bearer(kept.key))).toHaveStatus(404);
  expect(await api.get("/v1/whoami")).toHaveStatus(200);
  for (const unanswered of [
    await propose(api, [put({ key: "global", value: 1 })]),
    await api.get(`${path}&consistency=strong`),
    await api.get(`${path}&minRevision=999999`),
    await api.get(`${path}&at=1`),
    await api.get(other),
    await api.get("/v1/config?app=unknown"),
    await api.get("/v1/changes"),
    await api.post("/v1/api-keys", { name: "x", grants: [{ role: "viewer" }] }),
    await api.get(path, bearer(generateKey().text)),
  ]) {
    expectUnavailable(unanswered);
  }
};

const expectWhole = async (api: Api, kept: CreatedApiKey): Promise<void> => {
  await eventually(
    () => propose(api, [put({ app: "pay", key: "back", value: Math.random() })]),
    ({ status }) => status === 201,
  );
  const reply = await api.get<{ values: object }>(path, bearer(kept.key));
  expect(reply.body.values).toHaveProperty("back");
  await eventually(
    () => api.get(path),
    ({ headers }) => !headers.has("config-stale"),
  );
  expect(await api.get(other)).toHaveStatus(200);
  expect(await api.get("/readyz")).toMatchObject({ status: 200, body: { status: "ok" } });
  await makeKey(api, [{ role: "viewer" }]);
};

describe.each(Object.keys(runtimes))(
  "a process on %s that starts while PostgreSQL is away",
  (runtime) => {
    it("answers reads with what was last known, nothing else, and is whole when that is back", async () => {
      const left = await leave(runtime);
      const server = await start(runtime);
      const api = createApi(
        () => server,
        () => {},
      );
      try {
        await sleep(1_000);
        expect(await api.get("/readyz")).toMatchObject({
          status: 200,
          body: { status: "stale", revision: expect.any(Number), ageSeconds: expect.any(Number) },
        });
        await expectReadsAlone(api, left);
        await postgres.start();
        await expectWhole(api, left.kept);
      } finally {
        await server.stop();
      }
      expect(server.output()).toContain("serving what was last known");
    });
  },
);

describe("a process that cannot rely on what was last known", () => {
  const startFails = async (settings: Readonly<Record<string, string>>): Promise<string> => {
    const starting = start("Node", settings);
    const error = await starting.then(
      async (server) => server.stop(),
      (reason: unknown) => reason,
    );
    return String(error);
  };

  it("does not start: it is too old, damaged, or not there", async () => {
    await leave("Node");
    try {
      await sleep(2_000);
      expect(await startFails({ AUTH_STALENESS_MS: "2000" })).toContain("could not start");
      const file = join(folder, "Node", "last-known", "layers.ndjson");
      const text = await readFile(file, "utf8");
      await writeFile(file, text.replace("own", "0wn"));
      const said = await startFails({});
      expect(said).toContain("could not start");
      expect(said).toMatch(/what was last known cannot be read.*layers\.ndjson/);
      expect(await startFails({ DATA_DIR: join(folder, "nothing") })).toContain("could not start");
      await writeFile(file, text);
      await (await start("Node")).stop();
    } finally {
      await postgres.start();
    }
  });
});
