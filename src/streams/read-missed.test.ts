import { describe, expect, it } from "vitest";
import type { Sql } from "../platform/sql.ts";
import { createMissedChanges } from "./read-missed.ts";

const epoch = "0123456789abcdef";

/** A store that answers when a test lets it, with what it held when it was asked. */
const createStore = (newest: number, oldest = 1) => {
  const state = { newest, oldest, epoch, queries: 0 };
  let gate: Promise<void> = Promise.resolve();
  const rowOf = (revision: number) => ({
    epoch: state.epoch,
    revision,
    committedAt: "2026-01-31T12:00:00.123456Z",
    changes: [],
  });
  const sql = ((_: unknown, after: number, upTo: number) => {
    state.queries += 1;
    const last = Math.min(upTo, state.newest);
    const from = Math.max(after + 1, state.oldest);
    const rows = Array.from({ length: Math.max(0, last - from + 1) }, (__, index) =>
      rowOf(from + index),
    );
    return gate.then(() => rows);
  }) as unknown as Sql;
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gate = promise;
    return resolve;
  };
  return { state, sql, hold };
};

describe("reading what was missed", () => {
  const revisionsOf = (read: readonly { readonly revision: number }[] | undefined) =>
    read?.map(({ revision }) => revision);

  it("goes on without a gap, block by block", async () => {
    const { sql } = createStore(200);
    const missed = createMissedChanges();
    const found: number[] = [];
    while (found.length < 190) {
      const after = found.at(-1) ?? 10;
      found.push(...(revisionsOf(await missed.read(sql, epoch, after, 200)) ?? []));
    }
    expect(found).toEqual(Array.from({ length: 190 }, (_, index) => index + 11));
  });

  it("reads a block again that was not whole yet, and keeps one that is", async () => {
    const { sql, state } = createStore(20);
    const missed = createMissedChanges();
    expect(revisionsOf(await missed.read(sql, epoch, 18, 20))).toEqual([19, 20]);
    state.newest = 70;
    expect(revisionsOf(await missed.read(sql, epoch, 18, 22))).toEqual([19, 20, 21, 22]);
    expect(state.queries).toBe(2);
    expect(revisionsOf(await missed.read(sql, epoch, 60, 70))).toEqual([61, 62, 63, 64]);
    expect(state.queries).toBe(2);
  });

  it("shares a query with those who want the same, not with one that began too early", async () => {
    const { hold, sql, state } = createStore(20);
    const missed = createMissedChanges();
    const release = hold();
    const early = [missed.read(sql, epoch, 10, 20), missed.read(sql, epoch, 15, 20)];
    state.newest = 21;
    const late = missed.read(sql, epoch, 19, 21);
    release();
    expect((await Promise.all(early)).map((read) => read?.length)).toEqual([10, 5]);
    expect(revisionsOf(await late)).toEqual([20, 21]);
    expect(state.queries).toBe(2);
  });

  it("says so where the rows after a revision have gone, or are of another history", async () => {
    const { sql, state } = createStore(100, 40);
    expect(await createMissedChanges().read(sql, epoch, 38, 100)).toBeUndefined();
    expect(revisionsOf(await createMissedChanges().read(sql, epoch, 39, 100))?.[0]).toBe(40);
    state.oldest = 1_000;
    expect(await createMissedChanges().read(sql, epoch, 39, 100)).toBeUndefined();
    Object.assign(state, { oldest: 1, epoch: "f".repeat(16) });
    expect(await createMissedChanges().read(sql, epoch, 39, 100)).toBeUndefined();
  });
});
