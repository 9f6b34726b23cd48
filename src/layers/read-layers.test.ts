import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { effort } from "../../test/helpers/effort.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Operation } from "../changes/change-set.ts";
import type { Ctx } from "../context.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { readEffective } from "./read-effective.ts";
import { type Layers, readLayers } from "./read-layers.ts";

const position = { kind: "config", app: "billing", environment: "production" };
const loadMs = 2_500 * effort;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let writers: Ctx[];
let writerSql: Sql;

beforeAll(async () => {
  database = await createTestDatabase();
  writerSql = connectSql(database.url, { max: 10 });
  writers = [createTestContext(database.sql), createTestContext(writerSql)];
});

afterAll(async () => {
  await writerSql.end();
  await database.drop();
});

/** All of these always hold the same number, or all are absent. */
const places = [
  { app: "", environment: "", key: "a" },
  { app: "", environment: "", key: "b" },
  { app: "", environment: "production", key: "a" },
  { app: "billing", environment: "", key: "c" },
  { app: "billing", environment: "production", key: "a" },
  { app: "billing", environment: "production", key: "d" },
];

const placesAs = (number: number): Operation[] =>
  number % 5 === 4
    ? places.map(({ key, ...scope }) => remove(key, scope))
    : places.map(({ key, ...scope }) => put(key, number, scope));

/** What a read says that all the places hold; fails where it shows two revisions at once. */
const wholeNumber = (
  { entries, headRevision, revision }: Layers,
  at = revision,
): number | undefined => {
  const numbers = new Set(entries.filter(({ key }) => key.length === 1).map(({ value }) => value));
  expect(numbers.size).toBeLessThanOrEqual(1);
  const found = entries.filter(({ key }) => key.length === 1);
  expect([0, places.length]).toContain(found.length);
  const newest = Math.max(0, ...entries.map((entry) => entry.revision));
  expect(headRevision).toBeGreaterThanOrEqual(newest);
  expect(at).toBeGreaterThanOrEqual(headRevision);
  expect(revision).toBeGreaterThanOrEqual(at);
  const [number] = numbers;
  return number === undefined ? undefined : Number(number);
};

describe("readLayers, while others commit all the time", () => {
  let running = true;
  /** The number that was committed with a revision. */
  const numbers = new Map<number, number>();
  // On a slow machine it goes on until it has proved something.
  const goesOn = (): boolean => running || numbers.size <= 10;

  const write = async (): Promise<void> => {
    for (let number = 0; goesOn(); number += 1) {
      const { revision } = await commit(writers[0]!, ...placesAs(number));
      numbers.set(revision ?? 0, number);
    }
  };

  const disturb = async (ctx: Ctx, client: number): Promise<void> => {
    for (let turn = 0; goesOn(); turn += 1) {
      await commit(
        ctx,
        put(`noise.${client}`, turn),
        put(`noise.${client}`, turn, { app: "billing" }),
      );
    }
  };

  /** Reads on a connection of its own; answers how many reads it made. */
  const readOn = async (sql: Sql): Promise<number> => {
    let seen = 0;
    let reads = 0;
    for (; goesOn() || reads < 5; reads += 1) {
      const now = await readLayers(sql, position);
      wholeNumber(now);
      expect(now.revision).toBeGreaterThanOrEqual(seen);
      seen = now.revision;
      const at = 1 + Math.floor(Math.random() * seen);
      const past = await readLayers(sql, { ...position, at });
      expect(past.revision).toBeGreaterThanOrEqual(seen);
      seen = past.revision;
      const number = wholeNumber(past, at);
      // Not yet known where its answer is still on the way.
      const committed = numbers.get(at);
      if (committed !== undefined) expect(number).toBe(committed % 5 === 4 ? undefined : committed);
      const { resolved, revision } = await readEffective(sql, position);
      expect(revision).toBeGreaterThanOrEqual(seen);
      seen = revision;
      const values = ["a", "b", "c", "d"].map((key) => resolved.get(key)?.value);
      expect(new Set(values).size).toBe(1);
    }
    return reads;
  };

  it(
    "shows whole revisions, now and past, and never goes back on a connection",
    async () => {
      await commit(writers[0]!, ...placesAs(0));
      const connections = Array.from({ length: 3 }, () => connectSql(database.url, { max: 1 }));
      const readers = connections.map(readOn);
      const writing = [write(), disturb(writers[0]!, 0), disturb(writers[1]!, 1)];
      const timer = setTimeout(() => {
        running = false;
      }, loadMs);
      try {
        const reads = await Promise.all(readers);
        expect(Math.min(...reads)).toBeGreaterThanOrEqual(5);
        expect(numbers.size).toBeGreaterThan(10);
      } finally {
        running = false;
        clearTimeout(timer);
        await Promise.all(writing);
        await Promise.all(connections.map((sql) => sql.end()));
      }
    },
    60_000 * effort,
  );
});

describe("readLayers", () => {
  it("knows neither apps nor environments that nobody has made", async () => {
    await commit(writers[0]!, put("own", 1, { app: "billing" }));
    const known = await readLayers(database.sql, position);
    expect(known).toMatchObject({ appExists: true, environmentExists: true });
    const unknown = await readLayers(database.sql, {
      ...position,
      app: "bilging",
      environment: "prod",
    });
    expect(unknown).toMatchObject({ appExists: false, environmentExists: false });
    const nobody = await readLayers(database.sql, { ...position, app: "", environment: "" });
    expect(nobody).toMatchObject({ appExists: true, environmentExists: true });
    await expect(
      readEffective(database.sql, { ...position, app: "bilging" }),
    ).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining('"bilging"'),
    });
  });

  it("reads one key, a prefix, or a past state of either", async () => {
    const ctx = writers[0]!;
    const { revision } = await commit(ctx, put("one.a", 1), put("one_b", 1), put("two", 1));
    await commit(ctx, put("one.a", 2), remove("two"));
    const valuesOf = async (query: object): Promise<unknown[]> => {
      const { entries } = await readLayers(database.sql, { ...position, ...query });
      return entries.map(({ key, value }) => [key, value]);
    };
    expect(await valuesOf({ key: "one.a" })).toEqual([["one.a", 2]]);
    expect(await valuesOf({ key: "one" })).toEqual([]);
    expect(await valuesOf({ prefix: "one_" })).toEqual([["one_b", 1]]);
    expect(await valuesOf({ prefix: "two" })).toEqual([]);
    const at = revision ?? 0;
    expect(await valuesOf({ key: "one.a", at })).toEqual([["one.a", 1]]);
    expect(await valuesOf({ prefix: "two", at })).toEqual([["two", 1]]);
    expect(await valuesOf({ prefix: "two", at: at - 1 })).toEqual([]);
  });
});
