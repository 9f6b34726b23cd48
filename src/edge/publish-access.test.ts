import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { insertKey, revokeKey, setRole } from "../../test/helpers/access-rows.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { startEdge, type TestEdge } from "../../test/helpers/edge/start-edge.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { type AccessChanges, type AccessPoint, readAccess } from "../access/store/read-access.ts";
import { publishLayers } from "../layers/cache/publish-layers.ts";
import { createAccessPublisher } from "./publish-access.ts";
import { createRemoteCache } from "./remote-cache.ts";

const nothing = { epoch: "", version: -1 };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let edge: TestEdge;
let nowMs: number;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  nowMs = 0;
  edge = await startEdge();
});

afterEach(() => edge.stop());

const publisherNow = (remote = edge.connect()) =>
  createAccessPublisher({ remote, nowMs: () => nowMs });

const publish = (publisher = publisherNow()) => publisher.publishOnce(database.sql);

/** As readers are told, but for its age. */
const toldAfter = (known: AccessPoint): AccessChanges | undefined => {
  const told = edge.authority().readAccess(known);
  if (told === undefined) return undefined;
  const { epoch, keys, roles, version, whole } = told;
  return { epoch, version, roles, keys, whole };
};

const sorted = (changes: AccessChanges | undefined) =>
  changes && {
    ...changes,
    roles: changes.roles?.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    keys: changes.keys?.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  };

/** All that the edge knows, and all that PostgreSQL knows. */
const known = async () => ({
  edge: sorted(toldAfter(nothing)),
  postgres: sorted(await readAccess(database.sql, nothing)),
});

const expectSame = async (): Promise<void> => {
  const { edge: told, postgres } = await known();
  expect(told).toEqual(postgres);
};

const revokedAtEdge = (id: string): boolean | undefined =>
  edge
    .authority()
    .readAccess(nothing)
    ?.keys?.find((key) => key.id === id)?.revoked;

describe("keys and roles at an edge", () => {
  it("are those of PostgreSQL after every change, and told to who knows an earlier state", async () => {
    const publisher = publisherNow();
    expect(edge.authority().readAccess(nothing)).toBeUndefined();
    const key = await insertKey(database.sql);
    expect(await publish(publisher)).toEqual({ changed: true });
    await expectSame();
    const { epoch, version } = edge.authority().readAccess(nothing)!;
    expect(await publish(publisher)).toEqual({ changed: false });
    await setRole(database.sql, "deployer", ["audit.read"]);
    await revokeKey(database.sql, key.id);
    await publish(publisher);
    await expectSame();
    const since = toldAfter({ epoch, version })!;
    expect(since.whole).toBe(false);
    expect(since.keys).toMatchObject([{ id: key.id, revoked: true }]);
    expect(since.roles).toEqual([{ name: "deployer", actions: ["audit.read"] }]);
    const { version: newest } = since;
    // As of the change before the last one.
    expect(toldAfter({ epoch, version: newest - 1 })).toEqual(since);
    expect(toldAfter({ epoch, version: newest })).toEqual({
      epoch,
      version: newest,
      whole: false,
      keys: null,
      roles: null,
    });
    expect(edge.authority().readAccess({ epoch, version: newest + 1 })!.whole).toBe(true);
    expect(edge.authority().readAccess({ epoch: "f".repeat(16), version })!.whole).toBe(true);
  });

  it("hold no key, and of a hash no more than PostgreSQL does", async () => {
    const key = await insertKey(database.sql);
    await publish();
    const told = JSON.stringify(edge.authority().readAccess(nothing));
    expect(told).toContain(key.hash.toString("hex"));
    expect(told).not.toContain(key.text);
    expect(told).not.toContain(key.text.slice(-40));
  });

  it("are not set back by what was read earlier and comes later: a revoked key stays revoked", async () => {
    const slow = edge.connect();
    await publish();
    const key = await insertKey(database.sql);
    const from = (await slow.send({ op: "status" })).access;
    const read = await readAccess(database.sql, from!);
    expect(read.keys).toMatchObject([{ id: key.id, revoked: false }]);
    await publish();
    await revokeKey(database.sql, key.id);
    await publish();
    expect(revokedAtEdge(key.id)).toBe(true);
    for (const changes of [read, { ...read, whole: true }, { ...read, version: 1e9 }]) {
      const { moved } = await slow.send({ op: "access", from, changes });
      expect([moved, revokedAtEdge(key.id)]).toEqual([false, true]);
    }
    const { moved } = await slow.send({ op: "access", from: null, changes: read });
    expect([moved, revokedAtEdge(key.id)]).toEqual([false, true]);
    await expectSame();
  });

  it("survive publishers that race in any order", async () => {
    const publishers = Array.from({ length: 4 }, () => publisherNow());
    const ids: string[] = [];
    for (let round = 0; round < 15; round += 1) {
      const running = publishers.map((publisher) => publish(publisher));
      const { id } = await insertKey(database.sql);
      ids.push(id);
      if (round % 2 === 0) await revokeKey(database.sql, ids[round / 2]!);
      await Promise.all(running);
    }
    // Whoever lost a race has learned where the edge stands.
    await Promise.all(publishers.map((publisher) => publish(publisher)));
    const { edge: told, postgres } = await known();
    expect(told).toEqual(postgres);
  });

  it("come again where the edge has lost them, or is filled anew, and until then it serves them", async () => {
    const publisher = publisherNow();
    const key = await insertKey(database.sql);
    await publish(publisher);
    edge.lose();
    nowMs += 5_000;
    expect(await publish(publisher)).toEqual({ changed: true });
    await expectSame();
    await edge.connect().send({ op: "reset" });
    expect(revokedAtEdge(key.id)).toBe(false);
    nowMs += 5_000;
    expect(await publish(publisher)).toEqual({ changed: true });
    await expectSame();
  });

  it("arrive after requests that failed, whether they had taken effect or not", async () => {
    const publisher = publisherNow(edge.connect({ attempts: 1 }));
    await publish(publisher);
    const { id } = await insertKey(database.sql);
    await revokeKey(database.sql, id);
    edge.intercept = async () => new Response("away", { status: 503 });
    await expect(publish(publisher)).rejects.toThrow("503");
    edge.intercept = async () => undefined;
    edge.answer = () => new Response("lost", { status: 502 });
    await expect(publish(publisher)).rejects.toThrow("502");
    edge.answer = (response) => response;
    await publish(publisher);
    expect(revokedAtEdge(id)).toBe(true);
    await expectSame();
  });

  it("have the age of the last look that found nothing newer, and layers likewise", async () => {
    let edgeMs = 1_000_000;
    await edge.stop();
    edge = await startEdge(() => edgeMs);
    // Tokens are judged by the same clock.
    edgeMs = Date.now();
    const publisher = publisherNow();
    const ages = () => [
      edge.authority().readAccess(nothing)?.ageMs,
      edge.authority().committed({ epoch: "", revision: -1 }, -1)?.ageMs,
    ];
    const publishAll = () =>
      publishLayers({
        cache: createRemoteCache(edge.connect()),
        sql: database.sql,
        kinds: ["config"],
        isAnew: false,
        signal: new AbortController().signal,
      });
    await publish(publisher);
    expect(ages()).toEqual([Number.POSITIVE_INFINITY, undefined]);
    await publishAll();
    nowMs += 1_000;
    await publish(publisher);
    expect(ages()).toEqual([0, 0]);
    edgeMs += 700;
    nowMs += 700;
    await publish(publisher);
    expect(ages()).toEqual([700, 700]);
    const pass = (ms: number): void => {
      nowMs += ms;
      edgeMs += ms;
    };
    pass(300);
    await commit(createTestContext(database.sql), put(`a.${nowMs}`, 1));
    // This look began after the one before it was answered, whenever it may arrive.
    await publish(publisher);
    expect(ages()).toEqual([1_000, 1_000]);
    pass(1_000);
    await publish(publisher);
    expect(ages()).toEqual([1_000, 2_000]);
    // What was looked at has been reached, later than it was confirmed.
    await publishAll();
    expect(ages()).toEqual([1_000, 1_000]);
    pass(1_000);
    await publish(publisher);
    expect(ages()).toEqual([1_000, 1_000]);
  });

  it("are replaced whole in a new epoch, and what stalls in the old one changes nothing", async () => {
    const lost = await insertKey(database.sql);
    await publish();
    const slow = edge.connect();
    const from = (await slow.send({ op: "status" })).access;
    await database.sql`delete from fairlead.api_keys where id = ${lost.id}`;
    const key = await insertKey(database.sql);
    const read = await readAccess(database.sql, from!);
    await database.sql`delete from fairlead.api_keys where id = ${key.id}`;
    const { to } = await newEpoch(database.sql);
    await publish();
    expect(edge.authority().readAccess(nothing)!.epoch).toBe(to);
    await expectSame();
    expect((await slow.send({ op: "access", from, changes: read })).moved).toBe(false);
    expect(revokedAtEdge(key.id)).toBeUndefined();
  });
});
