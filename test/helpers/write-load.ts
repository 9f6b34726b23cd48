import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { ChangeSet } from "../../src/changes/change-set.ts";
import { commitChangeSet } from "../../src/changes/commit-change-set.ts";
import type { Ctx } from "../../src/context.ts";
import { Problem } from "../../src/errors.ts";
import type { Sql, Tx } from "../../src/platform/sql.ts";
import { changeSetOf, put } from "./change-sets.ts";
import { expectSoundStore } from "./expect-sound-store.ts";
import { withIdempotency } from "./test-context.ts";

/** Names the keys of one load, so that the next one starts afresh. */
let loads = 0;

/** Makes the change set in a transaction that takes its time, as rollbacks do. */
const slowPlan =
  (changeSet: ChangeSet) =>
  async (tx: Tx): Promise<ChangeSet> => {
    await tx`select pg_sleep(0.002)`;
    return changeSet;
  };

/** What became of the change set of one client that puts one number in three places. */
interface Attempt {
  readonly client: number;
  readonly number: number;
  /** Undefined where every answer was UNAVAILABLE: it may have happened or not. */
  readonly revision: number | undefined;
}

export interface WriteLoad {
  /** Waits until every client has been answered so many more times with a revision. */
  acknowledged(more: number): Promise<void>;
  /** Ends the load; answers how often clients were told UNAVAILABLE. */
  stop(): Promise<number>;
  /** Proves what the store promises its clients, whatever happened to the database meanwhile. */
  expectPromisesKept(sql: Sql): Promise<void>;
}

/**
 * Clients that commit change sets of three operations all the time. Those with an even number repeat
 * what was UNAVAILABLE with the same Idempotency-Key; the others go on with the next one.
 */
export const startWriteLoad = (ctx: Ctx, clients: number): WriteLoad => {
  const name = `load-${(loads += 1)}`;
  const attempts: Attempt[] = [];
  const answered = Array.from({ length: clients }, () => 0);
  let unavailable = 0;
  let running = true;

  const attempt = async (client: number, number: number): Promise<number | undefined> => {
    const key = `${name}.${client}`;
    const scope = { app: `app-${client % 3}`, environment: "production" };
    const caller = client % 2 === 0 ? withIdempotency(ctx, `${key}-${number}`) : ctx;
    try {
      const global = put(key, number);
      const changeSet = changeSetOf(
        global,
        put(key, number, { app: scope.app }),
        put(key, number, scope),
      );
      const { revision } = await commitChangeSet(caller, {
        changeSet: number % 4 === 3 ? slowPlan(changeSet) : changeSet,
      });
      return revision ?? 0;
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "UNAVAILABLE") throw error;
      unavailable += 1;
      await sleep(10);
      return undefined;
    }
  };

  const runClient = async (client: number): Promise<void> => {
    for (let number = 0; running; number += 1) {
      let revision = await attempt(client, number);
      while (client % 2 === 0 && revision === undefined) revision = await attempt(client, number);
      attempts.push({ client, number, revision });
      if (revision !== undefined) answered[client] = (answered[client] ?? 0) + 1;
    }
  };

  const done = Promise.all(answered.map((_, client) => runClient(client)));
  return {
    async acknowledged(more) {
      const wanted = answered.map((count) => count + more);
      const reached = (): boolean => wanted.every((count, client) => answered[client]! >= count);
      // A client that fails must not be waited for.
      while (!reached()) await Promise.race([sleep(5), done]);
    },
    async stop() {
      running = false;
      await done;
      return unavailable;
    },
    expectPromisesKept: (sql) => expectPromisesKept(sql, name, attempts),
  };
};

const expectPromisesKept = async (
  sql: Sql,
  name: string,
  attempts: readonly Attempt[],
): Promise<void> => {
  const rows = await sql<{ revision: number; key: string; numbers: number[] }[]>`
    select revision, min(key) as key, json_agg(value) as numbers
    from fairlead.entry_versions where starts_with(key, ${name + "."}) group by revision`;
  const happened = new Map<string, number[]>();
  for (const { key, numbers, revision } of rows) {
    // Whole: one client's number in all three places.
    expect(numbers).toEqual([numbers[0], numbers[0], numbers[0]]);
    const id = `${key}/${numbers[0]}`;
    happened.set(id, [...(happened.get(id) ?? []), revision]);
  }
  const broken = attempts.filter(({ client, number, revision }) => {
    const found = happened.get(`${name}.${client}/${number}`) ?? [];
    return revision === undefined ? found.length > 1 : found.join() !== String(revision);
  });
  expect(broken).toEqual([]);
  expect(rows.length).toBeGreaterThan(0);
  await expectSoundStore(sql);
};
