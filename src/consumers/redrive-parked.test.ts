import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { drain, eventConsumer, parkedRevisions, stateConsumer } from "../../test/helpers/drain.ts";
import { createTestContext, withIdempotency } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { listOutbox } from "./list-outbox.ts";
import { redriveParked } from "./redrive-parked.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let isBroken: boolean;
let delivered: number[];
let consumers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

beforeEach(() => {
  isBroken = true;
  delivered = [];
  consumers += 1;
});

const consumerNow = () =>
  eventConsumer(
    `receiver-${consumers}`,
    async (rows) => {
      if (isBroken) throw new Error("the receiver is broken");
      delivered.push(...rows.map(({ revision }) => revision));
    },
    { maxAttempts: 1 },
  );

/** Parks so many events of a consumer of its own, and answers their revisions. */
const park = async (count: number): Promise<number[]> => {
  const consumer = consumerNow();
  await drain(database.sql, consumer);
  const revisions: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const { revision } = await commit(ctx, put(`${consumer.name}.${number}`, number));
    revisions.push(revision ?? 0);
  }
  await drain(database.sql, consumer);
  expect(await parkedRevisions(database.sql, consumer.name)).toEqual(revisions);
  return revisions;
};

const auditRows = () => database.sql<{ detail: unknown }[]>`
  select detail from fairlead.audit_log where action = 'outbox.redrive' order by id`;

describe("putting parked events back", () => {
  it("has one of them tried anew, and leaves the others", async () => {
    const [first, second] = await park(2);
    const { name } = consumerNow();
    isBroken = false;
    expect(await drain(database.sql, consumerNow())).toMatchObject({ redriven: 0 });
    const input = { consumer: name, revision: second };
    expect(await redriveParked(ctx, input)).toEqual({ consumer: name, redriven: 1 });
    expect(await drain(database.sql, consumerNow())).toMatchObject({ redriven: 1 });
    expect([delivered, await parkedRevisions(database.sql, name)]).toEqual([[second], [first]]);
    expect((await auditRows()).at(-1)).toEqual({ detail: { ...input, redriven: 1 } });
  });

  it("has all of them tried anew, oldest first, and parks what fails again", async () => {
    const revisions = await park(3);
    const { name } = consumerNow();
    expect(await redriveParked(ctx, { consumer: name })).toEqual({ consumer: name, redriven: 3 });
    expect(await drain(database.sql, consumerNow())).toMatchObject({ redriven: 0, failed: 3 });
    expect(await parkedRevisions(database.sql, name)).toEqual(revisions);
    isBroken = false;
    expect(await drain(database.sql, consumerNow())).toMatchObject({ redriven: 0 });
    await redriveParked(ctx, { consumer: name });
    expect(await drain(database.sql, consumerNow())).toMatchObject({ redriven: 3 });
    expect([delivered, await parkedRevisions(database.sql, name)]).toEqual([revisions, []]);
    expect((await auditRows()).at(-1)).toEqual({
      detail: { consumer: name, redriven: 3, revision: "all" },
    });
  });

  it("happens once where it is repeated with its Idempotency-Key", async () => {
    const [revision] = await park(1);
    const { name } = consumerNow();
    const caller = withIdempotency(ctx, name, { route: "POST /v1/outbox/x/redrive" });
    const first = await redriveParked(caller, { consumer: name, revision });
    isBroken = false;
    await drain(database.sql, consumerNow());
    const before = (await auditRows()).length;
    expect(await redriveParked(caller, { consumer: name, revision })).toEqual(first);
    expect(await auditRows()).toHaveLength(before);
  });

  it("knows no other consumers and revisions", async () => {
    const [revision = 0] = await park(1);
    const { name } = consumerNow();
    const missing = { code: "NOT_FOUND" };
    await expect(redriveParked(ctx, { consumer: "nobody" })).rejects.toMatchObject(missing);
    const other = { consumer: name, revision: revision + 1 };
    await expect(redriveParked(ctx, other)).rejects.toMatchObject(missing);
  });

  it("is for those who may do it everywhere", async () => {
    const operator = { role: "operator", effect: "allow" } as const;
    const limited = createTestContext(database.sql, { grants: [{ ...operator, app: "billing" }] });
    const forbidden = { code: "FORBIDDEN" };
    await expect(redriveParked(limited, { consumer: "any" })).rejects.toMatchObject(forbidden);
    await expect(listOutbox(limited, { limit: 1 })).rejects.toMatchObject(forbidden);
    const whole = createTestContext(database.sql, { grants: [operator] });
    expect(await listOutbox(whole, { limit: 1 })).toBeDefined();
  });
});

describe("the state of the outbox", () => {
  it("pages through what is parked, of one consumer or of all", async () => {
    const revisions = await park(5);
    const consumer = consumerNow().name;
    const found: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await listOutbox(ctx, { consumer, limit: 2, cursor });
      found.push(...page.items.map(({ revision }) => revision));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(found).toEqual(revisions);
    const all = await listOutbox(ctx, { limit: 500 });
    expect(all.items.length).toBeGreaterThanOrEqual(5);
    expect(all.items.find((item) => item.revision === revisions[0])).toMatchObject({
      consumer,
      changeCount: 1,
      attempts: 1,
      lastError: "the receiver is broken",
      nextAttemptAt: null,
    });
  });

  it("tells how far each consumer has come, and since when it is behind", async () => {
    const name = `copy-${consumers}`;
    await drain(
      database.sql,
      stateConsumer(name, async ({ newest }) => newest),
    );
    const statusOf = async () =>
      (await listOutbox(ctx, { limit: 1 })).consumers.find((one) => one.name === name)!;
    expect(await statusOf()).toMatchObject({
      lagRevisions: 0,
      lagSeconds: 0,
      attempts: 0,
      parked: 0,
    });
    const { revision } = await commit(ctx, put(name, 1), put(`${name}.2`, 1));
    await commit(ctx, put(name, 2));
    await database.sql`
      update fairlead.outbox set committed_at = committed_at - interval '1 hour'
      where revision = ${revision}`;
    const failing = stateConsumer(name, async () => {
      throw new Error("the cache is away");
    });
    await drain(database.sql, failing);
    const status = await statusOf();
    expect(status).toMatchObject({
      kind: "state",
      lagRevisions: 2,
      attempts: 1,
      lastError: "the cache is away",
      heldBy: null,
    });
    expect(status.lagSeconds).toBeGreaterThanOrEqual(3_600);
    const { retention } = await listOutbox(ctx, { limit: 1 });
    expect(retention).toMatchObject({ oldestRevision: 1, windowDays: 7 });
  });
});
