import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEdge, type TestEdge } from "../../test/helpers/edge/start-edge.ts";
import type { CachePoint, HeadsMove, LayerCache, LayerHead } from "../layers/cache/layer-cache.ts";
import { composeDocument } from "../layers/cache/layer-document.ts";
import type { LayerName } from "../layers/memory/memory-layer.ts";
import { createRemoteCache } from "./remote-cache.ts";

const epoch = "0123456789abcdef";
const layer: LayerName = { kind: "config", app: "billing", environment: "production" };

let edge: TestEdge;
let cache: LayerCache;

beforeEach(async () => {
  edge = await startEdge();
  cache = createRemoteCache(edge.connect());
});

afterEach(() => edge.stop());

const at = (revision: number, of = epoch): CachePoint => ({
  epoch: of,
  revision,
  namesVersion: 1,
});

const head = (revision: number): LayerHead => ({
  changedAt: revision,
  full: { revision, hash: String(revision).padStart(32, "0"), bytes: 1 },
  deltas: [],
});

const moveTo = (from: CachePoint | undefined, to: CachePoint): HeadsMove => ({
  from,
  to,
  heads: [[layer, head(to.revision)]],
  isWhole: from?.epoch !== to.epoch,
});

const documentOf = (text: string, revision = 1) => {
  const made = composeDocument({ epoch, layer, revision, after: null }, JSON.stringify([text]));
  return { name: made.name, text: made.text };
};

/** What is asked, by operation; a request that `cut` says is cut does not arrive. */
const watch = (cut: (op: string, count: number) => boolean = () => false) => {
  const asked: Record<string, number> = {};
  edge.intercept = async (request) => {
    const { op } = (await request.clone().json()) as { op: string };
    asked[op] = (asked[op] ?? 0) + 1;
    return cut(op, asked[op]) ? new Response("cut", { status: 502 }) : undefined;
  };
  return asked;
};

const status = () => edge.connect().send({ op: "status" });

describe("a document of 5 MB", () => {
  // Characters of every length, so that parts end between them.
  const large = documentOf("aß€😀".repeat(500_000));

  it("goes in parts, and after a cut in the middle only the rest is sent", async () => {
    expect(Buffer.byteLength(large.text)).toBeGreaterThan(5_000_000);
    const cutOff = createRemoteCache(edge.connect({ attempts: 1 }));
    const first = watch((op, count) => op === "put" && count > 1);
    await expect(cutOff.putDocuments([large])).rejects.toThrow("502");
    expect(await cache.readDocuments([large.name])).toEqual([undefined]);
    expect(edge.authority().readParts([{ name: large.name, part: 1 }])).toEqual([undefined]);
    expect(await cache.sweepDocuments(epoch, layer, () => false)).toEqual([]);
    expect(edge.kv.held.size).toBe(0);
    const rest = watch();
    await cache.putDocuments([large]);
    expect([first["put"], rest["put"]]).toEqual([2, 2]);
    expect((await cache.readDocuments([large.name]))[0] === large.text).toBe(true);
    expect(edge.kv.held.size).toBe(Math.ceil(Buffer.byteLength(large.text) / 2 ** 20));
    const [left] = await cache.sweepDocuments(epoch, layer, () => false);
    expect(left).toEqual(large.name);
  });

  it("is sent again where a request fails once", async () => {
    watch((op, count) => op === "put" && count === 2);
    await cache.putDocuments([large]);
    expect((await cache.readDocuments([large.name]))[0] === large.text).toBe(true);
  });

  it("is dropped where its parts are not what its name says, and can be sent again", async () => {
    const { name } = large;
    const parts = [1, 2].map((part) => ({ name, part, of: 2, text: `part ${part}` }));
    const remote = edge.connect();
    await expect(remote.send({ op: "put", parts })).rejects.toThrow("400: The parts are not");
    expect(await cache.readDocuments([name])).toEqual([undefined]);
    await cache.putDocuments([large]);
    expect((await cache.readDocuments([name]))[0] === large.text).toBe(true);
  });

  it("leaves nothing behind, in KV either, when it is swept", async () => {
    const kept = documentOf("kept", 2);
    await cache.putDocuments([large, kept]);
    expect(await cache.sweepDocuments(epoch, layer, ({ revision }) => revision < 2)).toEqual([
      kept.name,
    ]);
    expect([...edge.kv.held.keys()]).toEqual([
      `doc/${epoch}/config/billing/production/2/${kept.name.hash}/1`,
    ]);
    expect(await status()).toMatchObject({ documents: 1 });
  });
});

describe("an operation that is too large for one request", () => {
  it("goes ahead in parts, and takes effect as a whole", async () => {
    const small = createRemoteCache(edge.connect({ requestBytes: 20_000 }));
    const layers = Array.from({ length: 1_000 }, (_, index) => ({ ...layer, app: `app-${index}` }));
    const asked = watch();
    const heads = layers.map((name) => [name, head(1)] as const);
    expect(await small.moveHeads({ ...moveTo(undefined, at(1)), heads })).toBe(true);
    expect(asked["stage"]).toBeGreaterThan(5);
    expect([asked["staged"], asked["move"]]).toEqual([1, undefined]);
    expect((await small.readHeads(layers))!.heads).toEqual(layers.map(() => head(1)));
  });

  it("does nothing where a part is missing, or where it is something else", async () => {
    const sent = edge.connect() as unknown as { send(operation: object): Promise<unknown> };
    const stage = (part: number, text: string) => sent.send({ op: "stage", id: "a", part, text });
    const take = (of: number) => sent.send({ op: "staged", id: "a", of });
    await stage(2, '"reset"}');
    await expect(take(2)).rejects.toThrow("400: Parts are missing");
    await stage(1, '{"op":');
    await take(2);
    await expect(take(2)).rejects.toThrow("400: Parts are missing");
    for (const text of ["{", '{"op":"drop"}', '{"op":"staged","id":"a","of":1}']) {
      await stage(1, text);
      await expect(take(1)).rejects.toThrow("400: What was staged");
    }
  });
});

describe("a publisher that stalls", () => {
  it("moves nothing when it finishes after a newer one, of the same or another epoch", async () => {
    await cache.moveHeads(moveTo(undefined, at(1)));
    expect(await cache.moveHeads(moveTo(at(1), at(5)))).toBe(true);
    expect(await cache.moveHeads(moveTo(at(1), at(3)))).toBe(false);
    expect(await cache.moveHeads(moveTo(undefined, at(9)))).toBe(false);
    const anew = at(2, "fedcba9876543210");
    expect(await cache.moveHeads(moveTo(at(5), anew))).toBe(true);
    expect(await cache.moveHeads(moveTo(at(5), at(6)))).toBe(false);
    expect(edge.authority().readHeads([layer])).toMatchObject({ point: anew, heads: [head(2)] });
  });

  it("learns that its move has been made where only the answer was lost", async () => {
    await cache.moveHeads(moveTo(undefined, at(1)));
    let lost = 0;
    edge.answer = (response) => {
      lost += 1;
      return lost === 1 ? new Response("lost", { status: 502 }) : response;
    };
    expect(await cache.moveHeads(moveTo(at(1), at(2)))).toBe(false);
    expect(lost).toBe(2);
    expect((await cache.readHeads([]))!.point).toEqual(at(2));
  });
});

describe("an edge that is filled anew", () => {
  const fill = async (revision: number, from?: CachePoint) => {
    const made = documentOf(`as of ${revision}`, revision);
    await cache.putDocuments([made]);
    const full = { revision, hash: made.name.hash, bytes: made.text.length };
    const heads = [[layer, { changedAt: revision, full, deltas: [] }]] as const;
    return [made, await cache.moveHeads({ ...moveTo(from, at(revision)), heads })] as const;
  };

  it("looks empty to publishers, and serves what it had until all is there", async () => {
    const [old] = await fill(7);
    expect(await status()).toMatchObject({ isFilling: false, documents: 1 });
    await edge.connect().send({ op: "reset" });
    expect(await cache.readHeads([layer])).toBeUndefined();
    expect(await cache.sweepDocuments(epoch, layer, () => false)).toEqual([]);
    expect(await status()).toMatchObject({ isFilling: true, documents: 0, bytes: 0, point: at(7) });
    const reader = edge.authority();
    expect(reader.readHeads([layer])!.point).toEqual(at(7));
    expect(reader.readParts([{ name: old.name, part: 1 }])).toEqual([{ of: 1, text: old.text }]);
    expect(await cache.moveHeads(moveTo(at(7), at(8)))).toBe(false);
    const [made, isMoved] = await fill(9);
    expect(isMoved).toBe(true);
    expect(await status()).toMatchObject({ isFilling: false, documents: 1, point: at(9) });
    expect(await cache.readDocuments([old.name, made.name])).toEqual([undefined, made.text]);
    expect(edge.kv.held.size).toBe(1);
  });

  it("puts a copy back that KV has lost or changed, also at the same revision", async () => {
    await fill(7);
    const [name] = edge.kv.held.keys();
    edge.kv.held.set(name!, "1:wrong");
    await edge.connect().send({ op: "reset" });
    const [made] = await fill(7);
    expect(edge.kv.held.get(name!)).toBe(`1:${made.text}`);
    expect(await cache.readDocuments([made.name])).toEqual([made.text]);
  });

  it("does not take readers back, and loses nothing to a second order meanwhile", async () => {
    await fill(7);
    await edge.connect().send({ op: "reset" });
    const [, isOlderMoved] = await fill(6);
    expect(isOlderMoved).toBe(false);
    const made = documentOf("as of 8", 8);
    await cache.putDocuments([made]);
    await edge.connect().send({ op: "reset" });
    expect(await cache.moveHeads(moveTo(undefined, at(8)))).toBe(true);
    expect(await cache.readDocuments([made.name])).toEqual([made.text]);
  });

  it("counts a large document when all of it has come again, not before", async () => {
    const large = documentOf("x".repeat(3_000_000), 7);
    await cache.putDocuments([large]);
    await cache.moveHeads(moveTo(undefined, at(7)));
    await edge.connect().send({ op: "reset" });
    watch((op, count) => op === "put" && count > 1);
    const cutOff = createRemoteCache(edge.connect({ attempts: 1 }));
    await expect(cutOff.putDocuments([large])).rejects.toThrow("502");
    expect(await status()).toMatchObject({ isFilling: true, documents: 0 });
    expect(await cache.readDocuments([large.name])).toEqual([large.text]);
    watch();
    await cache.putDocuments([large]);
    expect(await status()).toMatchObject({ isFilling: true, documents: 1 });
  });

  it("keeps nothing of the epoch that a restore has ended meanwhile", async () => {
    const [old] = await fill(7);
    await edge.connect().send({ op: "reset" });
    const late = documentOf("of a publisher who does not know", 8);
    await cache.putDocuments([late]);
    const to = at(2, "fedcba9876543210");
    expect(await cache.moveHeads(moveTo(undefined, to))).toBe(true);
    expect(await cache.readDocuments([old.name, late.name])).toEqual([undefined, undefined]);
    expect(await status()).toMatchObject({ documents: 0, point: to });
    expect(edge.kv.held.size).toBe(0);
  });
});

describe("hubs", () => {
  it("hear of moved heads and keys, and are forgotten when they cannot be woken for long", async () => {
    const authority = edge.authority();
    authority.joinHub("one");
    authority.joinHub("two");
    authority.leaveHub("two");
    await cache.moveHeads(moveTo(undefined, at(1)));
    await cache.moveHeads(moveTo(undefined, at(2)));
    await status();
    expect(edge.woken).toEqual(["one"]);
    const changes = { epoch, version: 1, whole: true, roles: [], keys: [] };
    await edge.connect().send({ op: "access", from: null, changes });
    expect(edge.woken).toEqual(["one", "one"]);
    expect(await status()).toMatchObject({ hubs: 1 });
  });
});
