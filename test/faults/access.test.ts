import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import {
  askForKey,
  bearer,
  type CreatedApiKey,
  eventually,
  makeKey,
} from "../conformance/access-vocabulary.ts";
import { countOf, refusalsOf } from "../conformance/audit-vocabulary.ts";
import "../conformance/matchers.ts";
import { type Api, createApi, type Reply } from "../helpers/http-api.ts";
import {
  type RestartablePostgres,
  startRestartablePostgres,
} from "../helpers/restartable-postgres.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.ts";

/** What is promised of a process that reaches PostgreSQL. */
const obeyedWithinMs = 2_000;
const stalenessMs = 3_000;
const pollMs = 50;
const viewer = [{ role: "viewer" }];

let postgres: RestartablePostgres;
let proxy: TcpProxy;
/** Reaches PostgreSQL whenever it is there; the other one through a proxy that may hold everything up. */
let near: Server;
let far: Server;
let a: Api;
let b: Api;

const start = (settings: Readonly<Record<string, string>>): Promise<Server> =>
  startServer(settings, () => ({ command: ["node", "src/entry/node.ts"] }));

beforeAll(async () => {
  postgres = await startRestartablePostgres();
  const throughProxy = new URL(postgres.url);
  proxy = await startTcpProxy(Number(throughProxy.port));
  throughProxy.port = String(proxy.port);
  near = await start({ DATABASE_URL: postgres.url });
  far = await start({
    DATABASE_URL: throughProxy.href,
    DATABASE_POOL_SIZE: "2",
    AUTH_STALENESS_MS: String(stalenessMs),
  });
  a = createApi(
    () => near,
    () => {},
  );
  b = createApi(
    () => far,
    () => {},
  );
});

afterAll(async () => {
  await far.stop();
  await near.stop();
  await proxy.close();
  await postgres.remove();
});

const whoami = (api: Api, { key }: { readonly key: string }): Promise<Reply> =>
  api.get("/v1/whoami", bearer(key));

interface Answer {
  readonly sentAtMs: number;
  readonly reply: Reply;
}

/** Uses a key all the time, without waiting for answers, until it is told to stop. */
const keepUsing = (api: Api, key: CreatedApiKey): { stop(): Promise<readonly Answer[]> } => {
  const sending: Promise<Answer>[] = [];
  const send = (): void => {
    const sentAtMs = performance.now();
    sending.push(whoami(api, key).then((reply) => ({ sentAtMs, reply })));
  };
  send();
  const timer = setInterval(send, pollMs);
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.all(sending);
    },
  };
};

const statusesOf = (answers: readonly Answer[]): Set<number> =>
  new Set(answers.map(({ reply }) => reply.status));

/** A key that both processes know. */
const makeKnownKey = async (): Promise<CreatedApiKey> => {
  const key = await makeKey(a, viewer);
  for (const api of [a, b]) expect(await whoami(api, key)).toHaveStatus(200);
  return key;
};

/** Revokes a key on the first process, and proves that the second obeys in time though it is used there. */
const expectRevocationObeyed = async (key: CreatedApiKey): Promise<void> => {
  const use = keepUsing(b, key);
  expect(await whoami(b, key)).toHaveStatus(200);
  expect(await a.delete(`/v1/api-keys/${key.id}`)).toHaveStatus(204);
  const revokedAtMs = performance.now();
  expect((await whoami(a, key)).status).toBe(401);
  await sleep(obeyedWithinMs + 5 * pollMs);
  const answers = await use.stop();
  const admitted = answers.filter(({ reply }) => reply.status === 200);
  expect(statusesOf(answers)).toEqual(new Set([200, 401]));
  expect(admitted.at(-1)!.sentAtMs - revokedAtMs).toBeLessThanOrEqual(obeyedWithinMs);
};

describe("two processes on one database", () => {
  it("know a key at once that the other one made", async () => {
    for (let round = 0; round < 20; round += 1) {
      const key = await makeKey(round % 2 === 0 ? a : b, viewer);
      for (const api of [a, b]) expect(await whoami(api, key)).toHaveStatus(200);
    }
  });

  it("obey a revocation by the other one within two seconds, though the key is used all the time", async () => {
    const keys = await Promise.all(Array.from({ length: 5 }, makeKnownKey));
    expect(keys).toHaveLength(5);
    await Promise.all(keys.map(expectRevocationObeyed));
  });

  it("do so too while every connection for requests is busy, and made-up keys are asked for", async () => {
    const key = await makeKnownKey();
    const holder = connectSql(postgres.url, { max: 1, name: "holder" });
    const release = Promise.withResolvers<void>();
    const holding = holder.begin(async (tx) => {
      await tx`lock table fairlead.change_sets in access exclusive mode`;
      await release.promise;
    });
    const busy = Array.from({ length: 8 }, () => b.get("/v1/changes"));
    const late = await makeKey(a, viewer);
    const madeUp = setInterval(() => {
      busy.push(whoami(b, { key: generateKey().text }));
    }, pollMs);
    try {
      const first = whoami(b, late);
      await expectRevocationObeyed(key);
      // Nor does a new key depend on a connection for requests, though it waits for one.
      expect(await first).toHaveStatus(200);
    } finally {
      clearInterval(madeUp);
      release.resolve();
      await Promise.all([holding, ...busy]);
      await holder.end({ timeout: 1 });
    }
  });

  it("tell a role's change to each other within two seconds", async () => {
    const name = `role-${generateKey().id.toLowerCase()}`;
    await a.post("/v1/roles", { name, actions: ["entries.read"] });
    const key = await makeKey(a, [{ role: name }]);
    expect(await whoami(b, key)).toHaveStatus(200);
    await a.put(`/v1/roles/${name}`, { actions: ["audit.read"] });
    const changedAtMs = performance.now();
    const list = () => b.get("/v1/audit?limit=1", bearer(key.key));
    await eventually(list, ({ status }) => status === 200, obeyedWithinMs);
    expect(performance.now() - changedAtMs).toBeLessThanOrEqual(obeyedWithinMs);
  });
});

describe("a process whose connections to PostgreSQL swallow everything", () => {
  it("goes on with what it knows for AUTH_STALENESS_MS, then answers 503, and recovers", async () => {
    const [kept, revoked] = [await makeKnownKey(), await makeKnownKey()];
    const uses = [keepUsing(b, kept), keepUsing(b, revoked)];

    proxy.hold();
    const heldAtMs = performance.now();
    const unknown = await makeKey(a, viewer);
    expect(await a.delete(`/v1/api-keys/${revoked.id}`)).toHaveStatus(204);
    const [early, wrong] = await Promise.all([
      whoami(b, unknown),
      whoami(b, { key: `${kept.key.slice(0, -1)}!` }),
    ]);
    expect({ status: early.status, body: early.body }).toMatchObject({
      status: 503,
      body: { code: "UNAVAILABLE" },
    });
    expect(early.headers.get("retry-after")).toMatch(/^\d+$/);
    // What cannot be a key needs no database to be refused.
    expect([401, 503]).toContain(wrong.status);
    await sleep(Math.max(0, heldAtMs + stalenessMs + 1_000 - performance.now()));
    const late = await whoami(b, kept);
    expect({ status: late.status, body: late.body }).toMatchObject({
      status: 503,
      body: { code: "UNAVAILABLE" },
    });
    expect(late.headers.get("retry-after")).toMatch(/^\d+$/);

    proxy.pass();
    for (const key of [kept, unknown]) {
      await eventually(
        () => whoami(b, key),
        ({ status }) => status === 200,
      );
    }
    expect(await whoami(b, revoked)).toHaveStatus(401);
    const [keptAnswers, revokedAnswers] = await Promise.all(uses.map((use) => use.stop()));
    // It last knew itself current a moment before nothing passed any more.
    const safeMs = stalenessMs - 1_000;
    for (const answers of [keptAnswers!, revokedAnswers!]) {
      const since = (fromMs: number, toMs: number) =>
        statusesOf(
          answers.filter(({ sentAtMs }) => {
            const passedMs = sentAtMs - heldAtMs;
            return passedMs >= fromMs && passedMs < toMs;
          }),
        );
      expect(since(0, safeMs)).toEqual(new Set([200]));
      expect(since(stalenessMs, stalenessMs + 800)).toEqual(new Set([503]));
    }
    expect(statusesOf(keptAnswers!)).toEqual(new Set([200, 503]));
    const lateRevoked = revokedAnswers!.filter(
      ({ sentAtMs }) => sentAtMs - heldAtMs >= stalenessMs,
    );
    expect(statusesOf(lateRevoked)).toEqual(new Set([401, 503]));
    // The rest of the process has recovered as well.
    await eventually(
      () => b.get("/v1/changes"),
      ({ status }) => status === 200,
    );
    await expectRevocationObeyed(await makeKnownKey());
  });
});

describe("processes whose PostgreSQL stops and starts", () => {
  it("go on under requests, and then know and obey as before", async () => {
    const key = await makeKnownKey();
    const uses = [keepUsing(a, key), keepUsing(b, key)];
    await postgres.stop("fast");
    const missed = await askForKey(a, viewer);
    expect(missed.status).toBe(503);
    await sleep(500);
    await postgres.start();
    const { body: made } = await eventually(
      () => askForKey(a, viewer),
      ({ status }) => status === 201,
    );
    await eventually(
      () => whoami(b, made),
      ({ status }) => status === 200,
    );
    await sleep(1_000);
    for (const answers of await Promise.all(uses.map((use) => use.stop()))) {
      expect(answers.length).toBeGreaterThan(20);
      expect(statusesOf(answers)).toEqual(new Set([200]));
    }
    await expectRevocationObeyed(made);
  });

  it("write down afterwards what they refused meanwhile", async () => {
    const { id, key } = await makeKey(a, viewer);
    const refuse = () => a.post("/v1/environments", { name: "qa", rank: 1 }, bearer(key));
    expect(await refuse()).toHaveStatus(403);
    await postgres.stop("immediate");
    const refused = await Promise.all(Array.from({ length: 30 }, refuse));
    await sleep(1_500);
    refused.push(await refuse());
    await postgres.start();
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([403]));
    const rows = await eventually(
      () => refusalsOf(a, id).catch(() => []),
      (found) => countOf(found) >= 32,
    );
    expect(countOf(rows)).toBe(32);
  });
});

describe("a process that is told to stop", () => {
  it("writes down what it has just refused", async () => {
    const stopping = await start({ DATABASE_URL: postgres.url });
    const api = createApi(
      () => stopping,
      () => {},
    );
    const { id, key } = await makeKey(api, viewer);
    const refuse = () => api.post("/v1/environments", { name: "qa", rank: 1 }, bearer(key));
    for (let round = 0; round < 25; round += 1) await refuse();
    await stopping.stop();
    const sql: Sql = connectSql(postgres.url, { max: 1, name: "aside" });
    const rows = await sql<{ count: number }[]>`
      select count from fairlead.audit_log where actor_id = ${id} and action = 'refused'`;
    await sql.end({ timeout: 1 });
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(25);
  });
});
