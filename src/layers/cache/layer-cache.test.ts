import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CachePlace, cacheAdapters } from "../../../test/helpers/layer-caches.ts";
import type { LayerName } from "../memory/memory-layer.ts";
import type { CachePoint, HeadsMove, LayerCache, LayerHead } from "./layer-cache.ts";
import { composeDocument } from "./layer-document.ts";

const epoch = "0123456789abcdef";
const nextEpoch = "fedcba9876543210";
const global: LayerName = { kind: "config", app: "", environment: "" };
const billing: LayerName = { kind: "config", app: "billing", environment: "production" };
const names = { apps: ["billing"], environments: ["production", "qa"] };

const at = (revision: number, more: Partial<CachePoint> = {}): CachePoint => ({
  epoch,
  revision,
  namesVersion: 1,
  ...more,
});

const head = (revision: number): LayerHead => ({
  changedAt: revision,
  full: { revision, hash: String(revision).padStart(32, "0"), bytes: 100 },
  deltas: [],
});

const whole = (to: CachePoint, from?: CachePoint): HeadsMove => ({
  from,
  to,
  heads: [
    [global, head(to.revision)],
    [billing, head(to.revision)],
  ],
  names,
  isWhole: true,
});

const part = (from: CachePoint, to: CachePoint, layer = global): HeadsMove => ({
  from,
  to,
  heads: [[layer, head(to.revision)]],
  isWhole: false,
});

const documentOf = (text: string, revision = 1, layer = global, of = epoch) => {
  const place = { epoch: of, layer, revision, after: null };
  const made = composeDocument(place, JSON.stringify([text]));
  return { name: made.name, text: made.text };
};

/** What every adapter keeps to. */
describe.each(Object.entries(cacheAdapters))("a cache in %s", (_adapter, start) => {
  let place: CachePlace;
  let cache: LayerCache;
  let other: LayerCache;

  beforeAll(async () => {
    place = await start();
    cache = place.open();
    other = place.open();
  });

  afterAll(() => place.stop());
  beforeEach(() => place.lose());

  const headsOf = async (...layers: LayerName[]) => (await other.readHeads(layers))?.heads;

  it("is empty at first", async () => {
    expect(await cache.readHeads([global])).toBeUndefined();
    const { name } = documentOf("never put");
    expect(await cache.readDocuments([name])).toEqual([undefined]);
    expect(await cache.sweepDocuments(epoch, global, () => true)).toEqual([]);
    await cache.removeEpoch(epoch);
  });

  it("shows others what was moved, in the order asked for, with nothing for unknown layers", async () => {
    expect(await cache.moveHeads(whole(at(7)))).toBe(true);
    const unknown = { ...global, environment: "qa" };
    expect(await other.readHeads([billing, unknown, global])).toEqual({
      point: at(7),
      heads: [head(7), undefined, head(7)],
      names,
      replaced: undefined,
    });
  });

  it("keeps the heads and names that a move leaves out", async () => {
    await cache.moveHeads(whole(at(7)));
    expect(await cache.moveHeads(part(at(7), at(9)))).toBe(true);
    expect(await other.readHeads([global, billing])).toMatchObject({
      point: at(9),
      heads: [head(9), head(7)],
      names,
    });
  });

  it("lets one of two movers win who start from the same point", async () => {
    await cache.moveHeads(whole(at(1)));
    for (let revision = 2; revision < 30; revision += 2) {
      const from = (await cache.readHeads([]))!.point;
      const moves = [part(from, at(revision)), part(from, at(revision + 1), billing)] as const;
      const won = await Promise.all([cache.moveHeads(moves[0]), other.moveHeads(moves[1])]);
      expect(won).toHaveLength(2);
      expect(won[0]).not.toBe(won[1]);
      const [name, moved] = moves[won.indexOf(true)]!.heads[0]!;
      expect(await headsOf(name)).toEqual([moved]);
      expect((await other.readHeads([]))!.point).toEqual(moves[won.indexOf(true)]!.to);
    }
  });

  it("refuses a mover that has stalled while another one went past it", async () => {
    await cache.moveHeads(whole(at(1)));
    const late = part(at(1), at(2));
    const lateAndWhole = whole(at(4), at(1));
    await other.moveHeads(part(at(1), at(5)));
    expect(await cache.moveHeads(late)).toBe(false);
    expect(await cache.moveHeads(lateAndWhole)).toBe(false);
    expect(await headsOf(global, billing)).toEqual([head(5), head(1)]);
  });

  it("goes back within an epoch for nobody", async () => {
    await cache.moveHeads(whole(at(5)));
    expect(await cache.moveHeads(part(at(5), at(4)))).toBe(false);
    expect(await cache.moveHeads(whole(at(4), at(5)))).toBe(false);
    expect(await cache.moveHeads(part(at(5), at(6, { namesVersion: 0 })))).toBe(false);
    expect(await headsOf(global)).toEqual([head(5)]);
  });

  it("replaces all heads of another epoch, at whatever revision, and refuses that one's movers", async () => {
    await cache.moveHeads(whole(at(50)));
    const to = at(3, { epoch: nextEpoch });
    const heads = [[global, head(3)]] as const;
    expect(await cache.moveHeads({ ...whole(to, at(50)), heads })).toBe(true);
    expect(await cache.moveHeads(part(at(50), at(51)))).toBe(false);
    expect(await cache.moveHeads(whole(at(51), at(50)))).toBe(false);
    expect(await other.readHeads([global, billing])).toMatchObject({
      point: to,
      heads: [head(3), undefined],
      replaced: epoch,
    });
  });

  it("is moved as if new when it has lost everything, and by nobody who saw it before", async () => {
    await cache.moveHeads(whole(at(7)));
    await place.lose();
    expect(await cache.readHeads([global])).toBeUndefined();
    expect(await other.moveHeads(part(at(7), at(8)))).toBe(false);
    expect(await cache.moveHeads(whole(at(8)))).toBe(true);
    expect(await other.moveHeads(whole(at(9)))).toBe(false);
    expect(await headsOf(global)).toEqual([head(8)]);
  });

  it("moves thousands of heads together: who reads meanwhile sees those of one moment", async () => {
    const layers = Array.from({ length: 4_000 }, (_, index) => ({
      ...global,
      app: `app-${index}`,
    }));
    const move = (from: CachePoint | undefined, revision: number): HeadsMove => ({
      from,
      to: at(revision),
      heads: layers.map((name) => [name, head(revision)] as const),
      isWhole: from === undefined,
    });
    await cache.moveHeads(move(undefined, 1));
    const probes = [layers[0]!, layers[1_999]!, layers[3_999]!];
    let isMoving = true;
    const reading = (async () => {
      const seen = new Set<number>();
      while (isMoving) {
        const found = (await other.readHeads(probes))!;
        const revisions = found.heads.map((one) => one!.full.revision);
        expect(new Set([...revisions, found.point.revision]).size).toBe(1);
        seen.add(found.point.revision);
      }
      return seen;
    })();
    for (let revision = 2; revision < 8; revision += 1) {
      expect(await cache.moveHeads(move(at(revision - 1), revision))).toBe(true);
    }
    isMoving = false;
    expect((await reading).size).toBeGreaterThan(1);
    const found = (await other.readHeads(layers))!;
    expect(found.heads).toEqual(layers.map(() => head(7)));
  });

  it("gives documents back as they were put, in the order asked for", async () => {
    const documents = [1, 2, 3].map((revision) =>
      documentOf(`number ${revision} "ü€😀"`, revision),
    );
    await cache.putDocuments(documents);
    const elsewhere = documentOf("of another layer", 2, billing);
    await cache.putDocuments([elsewhere]);
    const [one, two, three] = documents;
    const missing = documentOf("never put", 2);
    const wanted = [three!, missing, elsewhere, one!, two!].map(({ name }) => name);
    expect(await other.readDocuments(wanted)).toEqual([
      three!.text,
      undefined,
      elsewhere.text,
      one!.text,
      two!.text,
    ]);
    await cache.putDocuments(documents);
    expect(await other.readDocuments([one!.name])).toEqual([one!.text]);
  });

  it("takes documents of any size, whatever is in them", async () => {
    // Pairs of two units, so that some cut would fall between them.
    const huge = documentOf(`x${"😀".repeat(600_000)}"\\${"ü".repeat(100_000)}`, 1);
    const larger = documentOf("y".repeat(9_000_000), 2);
    await cache.putDocuments([huge, larger]);
    const texts = await other.readDocuments([huge.name, larger.name]);
    expect(texts.map((text) => text?.length)).toEqual([huge.text.length, larger.text.length]);
    expect(texts[0] === huge.text && texts[1] === larger.text).toBe(true);
  });

  it("removes what is surplus of a layer, and answers what is left", async () => {
    const old = documentOf("z".repeat(9_000_000), 1);
    const rest = [documentOf("b", 2), documentOf("c", 3)];
    const elsewhere = documentOf("a", 1, billing);
    await cache.putDocuments([old, ...rest, elsewhere]);
    const left = await cache.sweepDocuments(epoch, global, ({ revision }) => revision < 2);
    expect(new Set(left.map(({ revision }) => revision))).toEqual(new Set([2, 3]));
    expect(left).toContainEqual(rest[0]!.name);
    const all = [old, ...rest, elsewhere].map(({ name }) => name);
    expect(await other.readDocuments(all)).toEqual([
      undefined,
      rest[0]!.text,
      rest[1]!.text,
      elsewhere.text,
    ]);
  });

  it("forgets an epoch that is over, and nothing else", async () => {
    const ofOld = [documentOf("a", 1), documentOf("b", 1, billing)];
    const ofNew = documentOf("c", 1, global, nextEpoch);
    await cache.putDocuments([...ofOld, ofNew]);
    await cache.removeEpoch(epoch);
    const all = [...ofOld, ofNew].map(({ name }) => name);
    expect(await other.readDocuments(all)).toEqual([undefined, undefined, ofNew.text]);
  });
});
