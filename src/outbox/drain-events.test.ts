import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newEpoch } from "../../scripts/new-epoch.ts";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  consumerState,
  drain,
  eventConsumer,
  expireLease,
  parkedRevisions,
} from "../../test/helpers/drain.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import type { CommittedRow } from "./consumer.ts";
import { expireOutboxOnce } from "./expire-outbox.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

const revisionsOf = (rows: readonly CommittedRow[]): number[] =>
  rows.map(({ revision }) => revision);

/** Registers a consumer that has seen all so far, and then commits so many revisions for it. */
const register = async (name: string, count: number): Promise<number[]> => {
  await drain(
    database.sql,
    eventConsumer(name, async () => {}),
  );
  const revisions: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const { revision } = await commit(ctx, put(`${name}.${number}`, number));
    revisions.push(revision ?? 0);
  }
  return revisions;
};

describe("an event consumer", () => {
  it("gets every revision once and in order, and its cursor moves only after the effect", async () => {
    const revisions = await register("in-order", 25);
    const delivered: number[] = [];
    const cursors: number[] = [];
    const consumer = eventConsumer("in-order", async (rows) => {
      cursors.push((await consumerState(database.sql, "in-order")).revision);
      expect(cursors.at(-1)).toBeLessThan(rows[0]!.revision);
      delivered.push(...revisionsOf(rows));
    });
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 25, failed: 0 });
    expect(delivered).toEqual(revisions);
    expect(cursors).toEqual([revisions[0]! - 1, revisions[9], revisions[19]]);
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 0 });
    expect(delivered).toHaveLength(25);
  });

  it("gets what was committed, with its events", async () => {
    const [revision] = await register("content", 1);
    let found: readonly CommittedRow[] = [];
    const consumer = eventConsumer("content", async (rows) => {
      found = rows;
    });
    await drain(database.sql, consumer);
    expect(found).toMatchObject([
      {
        revision,
        committedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        changes: [{ op: "put", key: "content.0", version: 1 }],
        events: [{ type: "dev.fairlead.change.v1", data: { revision } }],
      },
    ]);
  });

  it("tries what fails again before it goes on, and parks it at the last attempt", async () => {
    const revisions = await register("parks", 5);
    const bad = revisions[2]!;
    const delivered: number[] = [];
    const consumer = eventConsumer("parks", async (rows) => {
      if (rows.some(({ revision }) => revision === bad)) throw new Error("refused by the receiver");
      delivered.push(...revisionsOf(rows));
    });
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 2, parked: 0 });
    expect(delivered).toEqual(revisions.slice(0, 2));
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 0, parked: 0 });
    expect(await consumerState(database.sql, "parks")).toMatchObject({
      revision: bad - 1,
      attempts: 2,
      lastError: "refused by the receiver",
    });
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 3, parked: 1 });
    expect(delivered).toEqual(revisions.filter((revision) => revision !== bad));
    expect(await parkedRevisions(database.sql, "parks")).toEqual([bad]);
    expect(await consumerState(database.sql, "parks")).toMatchObject({ attempts: 0 });
  });

  it("waits after a failure: nothing is tried before its time", async () => {
    await register("waits", 1);
    let attempts = 0;
    const consumer = eventConsumer(
      "waits",
      async () => {
        attempts += 1;
        throw new Error("not now");
      },
      { backoff: { baseMs: 3_600_000, maxMs: 3_600_000 } },
    );
    for (let round = 0; round < 5; round += 1) await drain(database.sql, consumer);
    expect(attempts).toBe(1);
  });

  it("gets what was parked again when it is put back, also when the outbox has forgotten it", async () => {
    const [bad, ...rest] = await register("put-back", 3);
    let isBroken = true;
    const delivered: CommittedRow[] = [];
    const consumer = eventConsumer(
      "put-back",
      async (rows) => {
        if (isBroken && rows.some(({ revision }) => revision === bad)) throw new Error("broken");
        delivered.push(...rows);
      },
      { maxAttempts: 1 },
    );
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 3, parked: 1 });
    const [kept] = await database.sql`select * from fairlead.outbox where revision = ${bad!}`;
    await database.sql`update fairlead.consumers set revision = ${rest[1]!}`;
    await expireOutboxOnce({ sql: database.sql, windowDays: 0 });
    expect(await database.sql`select from fairlead.outbox`).toHaveLength(0);
    const putBack = () => database.sql`
      update fairlead.parked_events set next_attempt_at = clock_timestamp(), attempts = 0
      where consumer = 'put-back'`;

    await putBack();
    expect(await drain(database.sql, consumer)).toMatchObject({ redriven: 0, failed: 1 });
    expect(await parkedRevisions(database.sql, "put-back")).toEqual([bad]);
    // Parked anew: it is not tried until somebody asks for it.
    expect(await drain(database.sql, consumer)).toMatchObject({ redriven: 0, failed: 0 });

    isBroken = false;
    await putBack();
    expect(await drain(database.sql, consumer)).toMatchObject({ redriven: 1, failed: 0 });
    expect(await parkedRevisions(database.sql, "put-back")).toEqual([]);
    expect(revisionsOf(delivered)).toEqual([...rest, bad]);
    expect(delivered.at(-1)).toMatchObject({ changes: kept!["changes"], events: kept!["events"] });
  });

  it("goes on after its cursor in a new epoch, and delivers what it had not yet", async () => {
    const revisions = await register("restored", 4);
    const delivered: number[] = [];
    const consumer = eventConsumer("restored", async (rows) => {
      delivered.push(...revisionsOf(rows));
    });
    const { to } = await newEpoch(database.sql);
    const { revision: next } = await commit(ctx, put("restored.next", 1));
    expect(await drain(database.sql, consumer)).toMatchObject({ passed: 5 });
    expect(delivered).toEqual([...revisions, next]);
    expect(await consumerState(database.sql, "restored")).toMatchObject({
      epoch: to,
      revision: next,
    });
  });
});

describe("the lease", () => {
  /** A consumer whose delivery stands still until the test lets it go on. */
  const slowConsumer = (name: string) => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const consumer = eventConsumer(name, async () => {
      begun.resolve();
      await release.promise;
    });
    return { consumer, begun: begun.promise, release: release.resolve };
  };

  it("lets one process drain at a time, and is given back at the end", async () => {
    const revisions = await register("one-at-a-time", 3);
    const slow = slowConsumer("one-at-a-time");
    const first = drain(database.sql, slow.consumer, "first");
    await slow.begun;
    const other = eventConsumer("one-at-a-time", async () => {
      throw new Error("must not be called");
    });
    expect(await drain(database.sql, other, "second")).toMatchObject({ passed: 0, failed: 0 });
    slow.release();
    expect(await first).toMatchObject({ passed: 3 });
    expect(await consumerState(database.sql, "one-at-a-time")).toMatchObject({
      revision: revisions[2],
      holder: null,
    });
  });

  it("goes to another process when it has expired, and who held it moves nothing any more", async () => {
    const revisions = await register("taken-over", 3);
    const slow = slowConsumer("taken-over");
    const first = drain(database.sql, slow.consumer, "first");
    await slow.begun;
    await expireLease(database.sql, "taken-over");
    const bad = revisions[1]!;
    const second = eventConsumer(
      "taken-over",
      async (rows) => {
        if (rows.some(({ revision }) => revision === bad)) throw new Error("stands still here");
      },
      { batchSize: 1 },
    );
    expect(await drain(database.sql, second, "second")).toMatchObject({ passed: 1, failed: 1 });
    slow.release();
    expect(await first).toMatchObject({ passed: 0 });
    expect(await consumerState(database.sql, "taken-over")).toMatchObject({
      revision: revisions[0],
      attempts: 1,
    });
  });

  it("is void after a new epoch", async () => {
    const [revision] = await register("fenced", 1);
    const slow = slowConsumer("fenced");
    const first = drain(database.sql, slow.consumer, "first");
    await slow.begun;
    await newEpoch(database.sql);
    slow.release();
    expect(await first).toMatchObject({ passed: 0 });
    expect((await consumerState(database.sql, "fenced")).revision).toBe(revision! - 1);
  });

  it("writes nothing where there is nothing to do", async () => {
    await register("idle", 0);
    const before = await consumerState(database.sql, "idle");
    const consumer = eventConsumer("idle", async () => {});
    for (let round = 0; round < 3; round += 1) await drain(database.sql, consumer);
    expect(await consumerState(database.sql, "idle")).toEqual(before);
  });
});

describe("retention", () => {
  it("keeps what a consumer has not passed, and what is in the window", async () => {
    const revisions = await register("retained", 4);
    const kept = async (): Promise<number[]> =>
      (
        await database.sql<{ revision: number }[]>`
        select revision from fairlead.outbox where revision >= ${revisions[0]!} order by revision`
      ).map(({ revision }) => revision);
    await database.sql`update fairlead.consumers set revision = ${revisions[3]!}`;
    await expireOutboxOnce({ sql: database.sql, windowDays: 7 });
    expect(await kept()).toEqual(revisions);
    await database.sql`
      update fairlead.outbox set committed_at = committed_at - interval '8 days'
      where revision <= ${revisions[2]!}`;
    await database.sql`
      update fairlead.consumers set revision = ${revisions[1]!} where name = 'retained'`;
    await expireOutboxOnce({ sql: database.sql, windowDays: 7 });
    expect(await kept()).toEqual(revisions.slice(2));
    await database.sql`update fairlead.consumers set revision = ${revisions[3]!}`;
    await expireOutboxOnce({ sql: database.sql, windowDays: 7 });
    expect(await kept()).toEqual(revisions.slice(3));
  });
});
