import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { publishSecret, startEdge, type TestEdge } from "../../test/helpers/edge/start-edge.ts";
import { createTestContext, withIdempotency } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { publishLayers } from "../layers/cache/publish-layers.ts";
import { listEdges } from "./list-edges.ts";
import { createAccessPublisher } from "./publish-access.ts";
import { refillEdge } from "./refill-edge.ts";
import { createRemoteCache } from "./remote-cache.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let edge: TestEdge;
let away: TestEdge;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

beforeEach(async () => {
  edge = await startEdge();
  away = await startEdge();
  ctx = contextOf(`${edge.url},${away.url}`);
});

afterEach(() => edge.stop());

const contextOf = (edgeUrls: string, secret = publishSecret): Ctx =>
  createTestContext(database.sql, {
    settings: { EDGE_URLS: edgeUrls, EDGE_PUBLISH_SECRET: secret },
  });

const publish = async (): Promise<number> => {
  const signal = new AbortController().signal;
  const cache = createRemoteCache(edge.connect());
  const { sql } = database;
  await createAccessPublisher({ remote: edge.connect() }).publishOnce(sql);
  return (await publishLayers({ cache, sql, kinds: ["config"], isAnew: false, signal })).revision;
};

const hostOf = ({ url }: TestEdge): string => new URL(url).host;

const auditRows = () => database.sql<{ detail: unknown }[]>`
  select detail from fairlead.audit_log where action = 'edges.refill' order by id`;

describe("the list of edges", () => {
  it("tells how far each has come, one that is away included", async () => {
    await commit(ctx, put("a", Math.random()), put("a", 1, { app: "billing" }));
    const revision = await publish();
    await commit(ctx, put("a", Math.random()));
    await away.stop();
    const { items, ...deployment } = await listEdges(ctx);
    expect(deployment).toMatchObject({ revision: revision + 1, layers: 2 });
    expect(items).toMatchObject([
      {
        edge: hostOf(edge),
        isReachable: true,
        problem: null,
        epoch: deployment.epoch,
        revision,
        lagRevisions: 1,
        accessVersion: deployment.accessVersion,
        isAccessCurrent: true,
        isFilling: false,
        documents: 2,
      },
      { edge: hostOf(away), isReachable: false, revision: null, isAccessCurrent: false },
    ]);
    expect(items[1]!.problem).toContain(`${hostOf(away)} cannot be reached: `);
  });

  it("tells what an edge refuses, and never the secret", async () => {
    const wrong = contextOf(edge.url, "another-secret-that-nobody-knows-here");
    const { items } = await listEdges(wrong);
    expect(items).toMatchObject([
      { isReachable: false, problem: expect.stringContaining("answered 401: The publish token") },
    ]);
    expect(JSON.stringify(items)).not.toContain("another-secret");
    await away.stop();
  });

  it("is empty where none are configured, and is for those alone who may see the outbox", async () => {
    expect((await listEdges(createTestContext(database.sql))).items).toEqual([]);
    const viewer = createTestContext(database.sql, {
      grants: [{ role: "viewer", effect: "allow" }],
    });
    await expect(listEdges(viewer)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const refilling = refillEdge(viewer, { edge: hostOf(edge) });
    await expect(refilling).rejects.toMatchObject({ code: "FORBIDDEN" });
    await away.stop();
  });
});

describe("filling an edge anew", () => {
  it("begins at once, is audited, and ends when all was published", async () => {
    const revision = await publish();
    expect(await refillEdge(ctx, { edge: hostOf(edge) })).toEqual({ edge: hostOf(edge) });
    const [before] = (await listEdges(ctx)).items;
    expect(before).toMatchObject({ isFilling: true, documents: 0, bytes: 0, revision });
    await publish();
    const { items, layers } = await listEdges(ctx);
    expect(items[0]).toMatchObject({ isFilling: false, documents: layers, revision });
    expect((await auditRows()).at(-1)).toEqual({ detail: { edge: hostOf(edge) } });
    await away.stop();
  });

  it("is not begun again by a repeated request", async () => {
    await publish();
    const repeated = withIdempotency(ctx, `key-${Math.random()}`, {
      route: "POST /v1/edges/{edge}/refill",
    });
    await refillEdge(repeated, { edge: hostOf(edge) });
    const rows = (await auditRows()).length;
    await publish();
    expect(await refillEdge(repeated, { edge: hostOf(edge) })).toEqual({ edge: hostOf(edge) });
    expect((await listEdges(ctx)).items[0]).toMatchObject({ isFilling: false });
    expect(await auditRows()).toHaveLength(rows);
    await away.stop();
  });

  it("is refused for an edge that is unknown or away, and then not written down", async () => {
    const rows = (await auditRows()).length;
    await away.stop();
    for (const [name, code] of [
      ["edge.example.org", "NOT_FOUND"],
      [hostOf(away), "UNAVAILABLE"],
    ] as const) {
      await expect(refillEdge(ctx, { edge: name })).rejects.toMatchObject({ code });
    }
    expect(await auditRows()).toHaveLength(rows);
  });
});
