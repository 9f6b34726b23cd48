import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { eventually } from "../conformance/access-vocabulary.ts";
import { commit, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { createTestDatabase } from "../helpers/database.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";

const query = "app=pay&environment=production";
const node = () => ({ command: ["node", "src/entry/node.ts"] }) as const;

let primary: Awaited<ReturnType<typeof createTestDatabase>>;
let admin: Sql;
let replicaName: string;
let server: Server;
let api: Api;

const urlOf = (name: string): string =>
  Object.assign(new URL(primary.url), { pathname: `/${name}` }).href;

/** A copy that stays where it is, and says of everything in its history that it comes from there. */
const createReplica = async (): Promise<void> => {
  const name = new URL(primary.url).pathname.slice(1);
  await admin`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
  await admin`create database ${admin(replicaName)} template ${admin(name)}`;
  const replica = connectSql(urlOf(replicaName), { max: 1 });
  await replica.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update fairlead.entry_versions set value = '"of the replica"'`;
    await tx`update fairlead.entries set description = 'of the replica'`;
    await tx`update fairlead.change_sets set message = 'of the replica'`;
  });
  await replica.end();
};

beforeAll(async () => {
  primary = await createTestDatabase();
  admin = connectSql(urlOf("postgres"), { max: 1 });
  replicaName = `${new URL(primary.url).pathname.slice(1)}_replica`;
  const before = await startServer({ DATABASE_URL: primary.url }, node);
  const writer = createApi(
    () => before,
    () => {},
  );
  for (const value of ["one", "two"]) await commit(writer, [put({ app: "pay", key: "a", value })]);
  await before.stop();
  await createReplica();
  const settings = {
    DATABASE_URL: primary.url,
    DATABASE_REPLICA_URLS: `postgres://nobody@127.0.0.1:1/away,${urlOf(replicaName)}`,
  };
  server = await startServer(settings, node);
  api = createApi(
    () => server,
    () => {},
  );
});

afterAll(async () => {
  await server.stop();
  await primary.drop();
  await admin`drop database if exists ${admin(replicaName)} with (force)`;
  await admin.end({ timeout: 1 });
});

const pastPaths = [
  "/v1/changes",
  "/v1/changes?after=1",
  "/v1/changes/2",
  "/v1/history?kind=config&app=pay&key=a",
  "/v1/diff?from=0&to=2",
  "/v1/entries?app=pay",
  `/v1/config?${query}&at=2`,
  `/v1/config/a?${query}&at=2`,
  "/config/pay/history",
];

const presentPaths = [
  `/v1/config?${query}`,
  `/v1/config/a?${query}&explain=true`,
  `/v1/config?${query}&consistency=strong`,
  `/v1/config?${query}&at=2&consistency=strong`,
  "/config/pay?environment=production",
];

const readAll = async (paths: readonly string[]): Promise<string[]> => {
  const replies = await Promise.all(paths.map((path) => api.get(path)));
  for (const reply of replies) expect(reply).toHaveStatus(200);
  return paths.filter((_, index) => replies[index]?.text.includes("of the replica"));
};

describe("a process with replicas", () => {
  it("reads the past from one that has come as far as the process, and the present from none", async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await readAll(pastPaths)).toEqual(pastPaths);
      expect(await readAll(presentPaths)).toEqual([]);
    }
  });

  it("reads nothing from one that is behind, nor what it has not come to", async () => {
    expect(await api.get("/v1/changes/3")).toBeProblem("NOT_FOUND");
    const { revision } = await commit(api, [put({ app: "pay", key: "a", value: "three" })]);
    expect(await readAll(pastPaths)).toEqual([]);
    expect(await api.get(`/v1/changes/${revision}`)).toHaveStatus(200);
  });

  it("does without one that goes away", async () => {
    const replica = connectSql(urlOf(replicaName), { max: 1 });
    // It catches up, and then it is gone.
    await replica`update fairlead.deployment set revision = 3`;
    await replica.end();
    const read = await eventually(
      () => readAll(pastPaths),
      ({ length }) => length > 0,
    );
    expect(pastPaths).toEqual(expect.arrayContaining(read));
    await admin`drop database ${admin(replicaName)} with (force)`;
    for (let turn = 0; turn < 3; turn += 1) expect(await readAll(pastPaths)).toEqual([]);
  });
});
