import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { changeSetOf, commit, commitAsGroup, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  type StreamProcess,
  startStreamProcess,
} from "../../test/helpers/streams/stream-process.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import { createApiKey } from "../access/api-keys/create-api-key.ts";
import { revokeApiKey } from "../access/api-keys/revoke-api-key.ts";
import { createRole } from "../access/roles/create-role.ts";
import { updateRole } from "../access/roles/update-role.ts";
import { Problem } from "../errors.ts";
import { turns } from "./subscribers.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let api: StreamProcess;
let names = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startStreamProcess(database.sql);
});
afterAll(async () => {
  await database.drop();
});

const uniqueKey = (): string => `key.${(names += 1)}`;

/** Commits one key of a scope, and answers the revision. */
const change = async (scope: object = {}, key = uniqueKey()): Promise<number> =>
  (await commit(api.ctx, put(key, names, scope))).revision ?? 0;

describe("a stream", () => {
  it("begins with the current id and when to come back", async () => {
    const revision = await change();
    const client = api.open();
    const { epoch } = api.ctx.layers!.memory.point();
    const [first] = client.received;
    // What was committed a moment ago may still be on its way to others.
    expect([`${epoch}-${revision}`, `${epoch}-${revision - 1}`]).toContain(first?.id);
    expect(first?.event).toBeUndefined();
    expect(first?.retry).toBeGreaterThanOrEqual(1_000);
  });

  it("tells of each revision once, in order, also of those that were committed together", async () => {
    const client = api.open({ app: "together", environment: "production" });
    const scope = { app: "together", environment: "production" };
    const before = await change(scope);
    const changeSets = Array.from({ length: 20 }, () => changeSetOf(put(uniqueKey(), 1, scope)));
    await commitAsGroup(api.ctx, changeSets);
    await client.until(({ revisions }) => revisions().at(-1) === before + 20);
    expect(client.revisions().filter((revision) => revision >= before)).toEqual(
      Array.from({ length: 21 }, (_, index) => before + index),
    );
  });

  it("is told the same as others with the same filter and grants, made once", async () => {
    const [one, two, other] = [api.open(), api.open(), api.open({ prefix: "key" })];
    await change();
    for (const client of [one, two, other]) {
      await client.until(({ revisions }) => revisions().length === 1);
    }
    expect(one.pieces.at(-1)).toBe(two.pieces.at(-1));
    expect(other.pieces.at(-1)).not.toBe(one.pieces.at(-1));
  });

  it("is told only what its own grants let it read", async () => {
    const scope = { app: "shared", environment: "production" };
    const grants = (...keys: string[]) => [
      { role: "viewer", effect: "allow" as const, app: "shared", keys },
    ];
    const [mail, db] = [
      api.open({ ...scope, grants: grants("mail.*") }),
      api.open({ ...scope, grants: grants("db.*") }),
    ];
    await commit(api.ctx, put("mail.host", 1, scope), put("db.size", 1, scope));
    await commit(api.ctx, put("secret", 1, scope));
    await commit(api.ctx, put("db.size", 2, scope), put("mail.host", 2, scope));
    for (const [client, key] of [
      [mail, "mail.host"],
      [db, "db.size"],
    ] as const) {
      await client.until(({ revisions }) => revisions().length === 2);
      expect(JSON.stringify(client.received)).not.toContain("secret");
      const keys = client.events().map(({ data }) => (data as { data: Told }).data.changes);
      expect(keys.map((changes) => changes.map((told) => told.key))).toEqual([[key], [key]]);
    }
  });

  it("carries effective values where it is asked to, as the position sees them", async () => {
    const scope = { app: "valued", environment: "production" };
    const client = api.open({ ...scope, values: true });
    await commit(api.ctx, put("pool", 1), put("pool", 2, scope));
    const steps = [
      [put("pool", 5), 2],
      [put("pool", 6, scope), 6],
      [remove("pool", scope), 5],
      [remove("pool"), null],
    ] as const;
    for (const [index, [operation, value]] of steps.entries()) {
      await commit(api.ctx, operation);
      await client.until(({ revisions }) => revisions().length === index + 2);
      const { data } = client.events().at(-1)!.data as { data: Told };
      expect(data.changes).toEqual([expect.objectContaining({ key: "pool", value })]);
    }
  });
});

interface Told {
  readonly changes: readonly { readonly key: string; readonly value?: unknown }[];
}

describe("a sign of life", () => {
  it("comes to everybody once in a round, and moves a quiet stream's id on", async () => {
    const process = await startStreamProcess(database.sql);
    const clients = Array.from({ length: 30 }, () => process.open({ prefix: "nobody's" }));
    const before = clients[0]!.received.at(-1)!.id;
    const { revision } = await commit(process.ctx, put(uniqueKey(), 1));
    const loud = process.open({ after: before });
    await loud.until(({ revisions }) => revisions().includes(revision!));
    let beats = 0;
    for (let turn = 0; turn < turns; turn += 1) beats += process.hub.beatOnce().beats;
    expect(beats).toBe(31);
    for (const client of clients) {
      expect(client.received).toHaveLength(2);
      expect(client.received[1]).toEqual({ id: before.replace(/\d+$/, String(revision)) });
    }
  });
});

describe("a slow client", () => {
  const limit = 256 * 1_024;

  it("is dropped and counted when more waits for it than the limit, and others go on", async () => {
    const process = await startStreamProcess(database.sql);
    const [full, over, quick] = [process.open(), process.open(), process.open()];
    full.waitingBytes = limit;
    over.waitingBytes = limit + 1;
    const first = (await commit(process.ctx, put(uniqueKey(), 1))).revision;
    await quick.until(({ revisions }) => revisions().length === 1);
    const second = (await commit(process.ctx, put(uniqueKey(), 1))).revision;
    for (const client of [full, quick]) {
      await client.until(({ revisions }) => revisions().length === 2);
      expect(client.revisions()).toEqual([first, second]);
      expect(client.endedWith).toBeUndefined();
    }
    expect(over.endedWith).toBe("destroyed");
    expect(over.revisions()).toEqual([first]);
    expect(process.hub.figures()).toEqual({ streams: 2, dropped: 1 });
  });
});

describe("the limits", () => {
  const codeOf = (action: () => void): string | undefined => {
    try {
      action();
      return undefined;
    } catch (error) {
      return error instanceof Problem ? `${error.code} ${error.headers["retry-after"]}` : "other";
    }
  };

  it("refuse one stream too many, of a key and of the process, and count those that have gone", async () => {
    const settings = { MAX_STREAMS: "3", MAX_STREAMS_PER_KEY: "2" };
    const { ctx, hub, open } = await startStreamProcess(database.sql, settings);
    const other = { ...ctx, actor: { type: "key", id: "other" } as const };
    const mine = [open(), open()];
    expect(codeOf(() => hub.admit(ctx))).toMatch(/^RATE_LIMITED \d+$/);
    expect(codeOf(() => hub.admit(other))).toBeUndefined();
    const others = open({ identity: other });
    expect(codeOf(() => hub.admit(other))).toMatch(/^UNAVAILABLE \d+$/);
    // Admitted before the others came, opened after them.
    expect(open({ identity: other }).endedWith).toBe(1013);
    mine[0]?.leave();
    others.leave();
    expect(codeOf(() => hub.admit(ctx))).toBeUndefined();
    expect(hub.figures().streams).toBe(1);
  });
});

describe("a process that stops", () => {
  it("tells everybody to come back, each at a time of its own, and takes nobody more", async () => {
    const process = await startStreamProcess(database.sql);
    const clients = Array.from({ length: 20 }, () => process.open());
    await process.hub.stop();
    for (const { endedWith, received } of clients) {
      const last = received.at(-1)!;
      expect(endedWith).toBe(1012);
      expect(last.event).toBe("close");
      expect(last.data).toEqual({ reason: "stopping", retryMs: last.retry });
    }
    expect(new Set(clients.map(({ received }) => received.at(-1)?.retry)).size).toBeGreaterThan(10);
    expect(() => process.hub.admit(process.ctx)).toThrow("stopping");
    expect(process.open().endedWith).toBe(1013);
  });
});

describe("a key that is looked at again", () => {
  /** A key with a role that reads one app, and a stream of that app for it. */
  const openForKey = async (process: StreamProcess, expiresAt: string | null = null) => {
    const { access, sql } = process.ctx;
    const role = `reader-${(names += 1)}`;
    await createRole(process.ctx, { name: role, description: "", actions: ["entries.read"] });
    const created = await createApiKey(process.ctx, {
      name: role,
      grants: [{ role, effect: "allow", app: "pay" }],
      defaults: { app: "", environment: "" },
      expiresAt,
    });
    const identity = await access.identify(sql, created.key);
    return { role, id: created.id, client: process.open({ identity, app: "pay" }) };
  };

  const recheck = async ({ ctx, hub }: StreamProcess): Promise<number> => {
    await ctx.access.syncOnce(ctx.sql);
    return (await hub.recheckOnce(ctx.sql)).ended;
  };

  it("loses its streams when it is revoked, and nobody else does", async () => {
    const process = await startStreamProcess(database.sql);
    const [gone, stays] = [await openForKey(process), await openForKey(process)];
    expect(await recheck(process)).toBe(0);
    await revokeApiKey(process.ctx, gone.id);
    expect(await recheck(process)).toBe(1);
    expect(gone.client.received.at(-1)).toMatchObject({
      event: "close",
      data: { reason: "key-ended" },
    });
    expect(gone.client.endedWith).toBe(4401);
    expect(stays.client.endedWith).toBeUndefined();
  });

  it("loses them when it has expired", async () => {
    const process = await startStreamProcess(database.sql);
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { client } = await openForKey(process, expiresAt);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(expiresAt) - 1 });
    expect(await recheck(process)).toBe(0);
    vi.setSystemTime(Date.parse(expiresAt));
    expect(await recheck(process)).toBe(1);
    vi.useRealTimers();
    expect(client.endedWith).toBe(4401);
  });

  it("is told to read anew when its grants change what the stream may tell, and only then", async () => {
    const process = await startStreamProcess(database.sql);
    const { client, role } = await openForKey(process);
    await updateRole(process.ctx, {
      name: role,
      description: "",
      actions: ["entries.read", "audit.read"],
    });
    expect(await recheck(process)).toBe(0);
    await commit(process.ctx, put(uniqueKey(), 1, { app: "pay" }));
    await client.until(({ revisions }) => revisions().length === 1);
    await updateRole(process.ctx, { name: role, description: "", actions: ["audit.read"] });
    expect(await recheck(process)).toBe(1);
    expect(client.events().slice(-2)).toMatchObject([
      { event: "reset", data: { reason: "grants-changed" } },
      { event: "close", data: { reason: "grants-changed" } },
    ]);
    expect(client.endedWith).toBe(4403);
  });
});

describe("a connection that fails", () => {
  it("is given up, and nobody else notices", async () => {
    const process = await startStreamProcess(database.sql);
    const [broken, whole] = [process.open(), process.open()];
    broken.write = () => {
      throw new Error("the socket has gone");
    };
    await commit(process.ctx, put(uniqueKey(), 1));
    await whole.until(({ revisions }) => revisions().length === 1);
    expect(broken.endedWith).toBe("destroyed");
    expect(process.hub.figures()).toEqual({ streams: 1, dropped: 1 });
  });
});

describe("a burst of large values", () => {
  it("is told a little at a time, so that nobody who reads is taken for slow", async () => {
    const process = await startStreamProcess(database.sql);
    const client = process.open({ values: true });
    const writer = createTestContext(database.sql);
    for (let turn = 0; turn < 8; turn += 1) {
      await commit(writer, put(uniqueKey(), "x".repeat(50_000)));
    }
    await process.follow();
    await client.until(({ revisions }) => revisions().length === 8);
    const largest = Math.max(...client.pieces.map(({ bytes }) => bytes.length));
    expect(largest).toBeLessThan(128 * 1_024);
  });
});
