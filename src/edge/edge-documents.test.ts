import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAuthoritySql } from "../../test/helpers/edge/open-authority-sql.ts";
import { startEdge, type TestEdge } from "../../test/helpers/edge/start-edge.ts";
import { composeDocument } from "../layers/cache/layer-document.ts";
import { createAuthority } from "./authority/create-authority.ts";
import { edgeDocuments } from "./edge-documents.ts";
import { createRemoteCache } from "./remote-cache.ts";

const epoch = "0123456789abcdef";
const layer = { kind: "config", app: "", environment: "" };

let edge: TestEdge;
let asked: number;

const made = ["small", "x".repeat(2_500_000)].map((text, index) =>
  composeDocument({ epoch, layer, revision: index + 1, after: null }, JSON.stringify([text])),
);
const names = made.map(({ name }) => name);
const texts = made.map(({ text }) => text);

beforeEach(async () => {
  asked = 0;
  edge = await startEdge();
  await createRemoteCache(edge.connect()).putDocuments(made);
});

afterEach(() => edge.stop());

const readerOver = (store: Parameters<typeof edgeDocuments>[0]["store"], storeTimeoutMs = 60_000) =>
  edgeDocuments({
    store,
    storeTimeoutMs,
    authority: {
      readHeads: async (layers) => edge.authority().readHeads(layers),
      async readParts(wanted) {
        asked += 1;
        return edge.authority().readParts(wanted);
      },
    },
  });

/** Compared here, since what is so large takes long to be shown. */
const isRight = async (reader: ReturnType<typeof readerOver>): Promise<boolean> => {
  const read = await reader.readDocuments(names);
  return read.length === texts.length && read.every((text, index) => text === texts[index]);
};

describe("documents at an edge", () => {
  it("come from KV, where the authority need not be asked", async () => {
    expect(await isRight(readerOver(edge.kv))).toBe(true);
    expect(asked).toBe(0);
    expect(edge.kv.gets).toBe(4);
  });

  it("come from the authority where KV remembers that it had nothing", async () => {
    const held = edge.kv.answer;
    const missed = new Set<string>();
    edge.kv.answer = async (name) => {
      missed.add(name);
      return null;
    };
    expect(await isRight(readerOver(edge.kv))).toBe(true);
    edge.kv.answer = async (name, text) => (missed.has(name) ? null : held(name, text));
    expect(await isRight(readerOver(edge.kv))).toBe(true);
    expect(asked).toBeGreaterThan(1);
  });

  it("come from the authority where KV is late, fails, or is not bound", async () => {
    edge.kv.answer = () => new Promise(() => {});
    expect(await isRight(readerOver(edge.kv, 20))).toBe(true);
    edge.kv.answer = () => Promise.reject(new Error("KV is away"));
    expect(await isRight(readerOver(edge.kv))).toBe(true);
    expect(await isRight(readerOver(undefined))).toBe(true);
  });

  it("are never what KV holds wrongly", async () => {
    const lies: ((name: string, held: string | null) => string | null)[] = [
      () => "",
      () => "garbage",
      () => '1:{"entries":[]}',
      (_, held) => held?.slice(0, -1) ?? null,
      (_, held) => held?.replace("x", "y").replace("small", "Small") ?? null,
      (_, held) => held?.replace(/^\d/, "1") ?? null,
      (_, held) => held?.replace(/^\d/, "7") ?? null,
      () => edge.kv.held.values().next().value ?? null,
      (name, held) => (name.endsWith("/2") ? null : held),
    ];
    for (const lie of lies) {
      edge.kv.answer = async (name, held) => lie(name, held);
      expect(await isRight(readerOver(edge.kv))).toBe(true);
    }
  });

  it("are missing where the authority does not have them", async () => {
    const never = { ...names[0]!, hash: "0".repeat(32) };
    expect(await readerOver(edge.kv).readDocuments([never, names[0]!])).toEqual([
      undefined,
      texts[0],
    ]);
  });
});

describe("copies in KV", () => {
  it("are made good when KV takes them again", async () => {
    const authority = edge.authority();
    edge.kv.held.clear();
    edge.kv.beforeWrite = () => Promise.reject(new Error("KV is away"));
    const later = composeDocument({ epoch, layer, revision: 3, after: null }, "[]");
    await createRemoteCache(edge.connect()).putDocuments([later]);
    expect([authority.isCopyOwed(), edge.kv.held.size]).toEqual([true, 0]);
    edge.kv.beforeWrite = async () => {};
    expect(await authority.copyOnce()).toEqual({ copied: 1, removed: 0 });
    expect([authority.isCopyOwed(), edge.kv.held.size]).toEqual([false, 1]);
  });

  it("are made good after a write that never ended", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const authority = createAuthority({
        sql: openAuthoritySql(),
        store: edge.kv,
        wake: async () => {},
      });
      edge.kv.held.clear();
      edge.kv.beforeWrite = () => new Promise(() => {});
      const [{ name, text }] = made as [(typeof made)[0]];
      const parts = [{ name, part: 1, of: 1, text }];
      authority.perform({ id: "a", untilMs: Number.MAX_SAFE_INTEGER }, { op: "put", parts });
      const failed = authority.copyOnce().catch(String);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await failed).toContain("KV does not answer");
      edge.kv.beforeWrite = async () => {};
      expect(await authority.copyOnce()).toEqual({ copied: 1, removed: 0 });
      expect(edge.kv.held.size).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it("are there for documents that came again before their removal was done", async () => {
    const cache = createRemoteCache(edge.connect());
    const many = Array.from({ length: 70 }, (_, index) =>
      composeDocument({ epoch, layer, revision: 99 - index, after: null }, "[]"),
    );
    await cache.putDocuments(many);
    edge.kv.beforeWrite = () => Promise.reject(new Error("KV is away"));
    await cache.sweepDocuments(epoch, layer, () => true);
    await cache.putDocuments(many);
    edge.kv.beforeWrite = async () => {};
    await edge.authority().copyOnce();
    expect(edge.kv.held.size).toBe(many.length);
  });

  it("are those of documents that are there, however puts, removals and failures mix", async () => {
    const cache = createRemoteCache(edge.connect());
    const authority = edge.authority();
    let writes = 0;
    edge.kv.beforeWrite = async () => {
      writes += 1;
      if (writes % 7 === 0) throw new Error("KV is away");
    };
    for (let round = 0; round < 12; round += 1) {
      await cache.sweepDocuments(epoch, layer, () => round % 2 === 0);
      if (round % 4 !== 1) await cache.putDocuments(made);
      if (round % 5 === 0) await authority.copyOnce().catch(() => {});
    }
    while (authority.isCopyOwed()) await authority.copyOnce().catch(() => {});
    expect(edge.kv.held.size).toBe(4);
    expect(await isRight(readerOver(edge.kv))).toBe(true);
    expect(asked).toBe(0);
  });
});
