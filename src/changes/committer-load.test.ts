import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put, revisionsByTransaction } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { effort } from "../../test/helpers/effort.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { canonical } from "../../test/helpers/store-model/model.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Json } from "../platform/json.ts";
import type { Change, CommitResult, Operation } from "./change-set.ts";

const clients = 32;
const counters = 4;
const durationMs = 10_000 * effort;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

/** What a client sent and when, and what it got and when. */
interface Acknowledged {
  readonly client: number;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly result: CommitResult;
}

interface Counter {
  readonly value: number;
  readonly version: number;
}

/** Increments counters by compare-and-set, each with a key of the client's own, as long as the load lasts. */
const runClient = async (client: number, untilMs: number): Promise<Acknowledged[]> => {
  const known: Counter[] = Array.from({ length: counters }, () => ({ value: 0, version: 0 }));
  const acknowledged: Acknowledged[] = [];
  for (let turn = 0; performance.now() < untilMs; turn += 1) {
    const own = put(`own.${client}`, turn, { app: `app-${client % 8}` });
    const chosen = (client + turn) % counters;
    const operations: Operation[] = [own];
    if (turn % 2 === 0) operations.push(increment(chosen, known[chosen]!));
    const sentMs = performance.now();
    try {
      const result = await commit(ctx, ...operations);
      acknowledged.push({ client, sentMs, answeredMs: performance.now(), result });
      const counted = result.changes.find(({ key }) => key === `counter.${chosen}`);
      if (counted) known[chosen] = { value: Number(counted.after), version: counted.version };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "CONFLICT") throw error;
      const [conflict] = error.members["conflicts"] as {
        currentValue: number;
        currentVersion: number;
      }[];
      known[chosen] = { value: conflict!.currentValue, version: conflict!.currentVersion };
    }
  }
  return acknowledged;
};

const increment = (counter: number, { value, version }: Counter): Operation =>
  put(`counter.${counter}`, value + 1, { expectedVersion: version });

interface HistoryRow {
  revision: number;
  op: "put" | "delete";
  kind: string;
  app: string;
  environment: string;
  key: string;
  version: number;
  value: Json;
}

/** The changes of each revision as history tells them, in an order of their own. */
const readHistory = async (): Promise<Map<number, string[]>> => {
  const rows = await database.sql<HistoryRow[]>`
    select revision, op, kind, app, environment, key, version, value
    from fairlead.entry_versions order by revision`;
  const values = new Map<string, Json>();
  const history = new Map<number, string[]>();
  for (const { app, environment, revision, value, ...row } of rows) {
    const entry = `${app}/${environment}/${row.key}`;
    const scope = { app: app || null, environment: environment || null };
    const change: Change = { ...row, ...scope, before: values.get(entry) ?? null, after: value };
    values.set(entry, value);
    history.set(revision, [...(history.get(revision) ?? []), canonical(change)]);
  }
  return history;
};

const expectHistory = async (acknowledged: readonly Acknowledged[]): Promise<void> => {
  const history = await readHistory();
  expect(history.size).toBe(acknowledged.length);
  for (const { result } of acknowledged) {
    const told = history.get(result.revision ?? 0)?.toSorted();
    // Comparing texts first keeps 50,000 comparisons cheap.
    const answered = result.changes.map(canonical).toSorted();
    if (answered.join() !== told?.join()) expect(answered).toEqual(told);
  }
};

/** What was sent after an answer had come has a higher revision than that answer. */
const expectRealTimeOrder = (acknowledged: readonly Acknowledged[]): void => {
  const bySent = acknowledged.toSorted((a, b) => a.sentMs - b.sentMs);
  const byAnswered = acknowledged.toSorted((a, b) => a.answeredMs - b.answeredMs);
  let answered = 0;
  let newest = 0;
  let violations = 0;
  for (const { result, sentMs } of bySent) {
    for (; (byAnswered[answered]?.answeredMs ?? sentMs) < sentMs; answered += 1) {
      newest = Math.max(newest, byAnswered[answered]?.result.revision ?? 0);
    }
    if ((result.revision ?? 0) <= newest) violations += 1;
  }
  expect(violations).toBe(0);
};

describe(`${clients} clients that commit at once for ${durationMs / 1000} s`, () => {
  it(
    "get gapless revisions, lose no update, and are all told what history says",
    async () => {
      const untilMs = performance.now() + durationMs;
      const ofClients = await Promise.all(
        Array.from({ length: clients }, (_, client) => runClient(client, untilMs)),
      );
      const acknowledged = ofClients.flat();
      const revisions = acknowledged
        .map(({ result }) => result.revision ?? 0)
        .toSorted((a, b) => a - b);
      expect(revisions.every((revision, index) => revision === index + 1)).toBe(true);
      expectRealTimeOrder(acknowledged);
      await expectHistory(acknowledged);
      for (let counter = 0; counter < counters; counter += 1) {
        const key = `counter.${counter}`;
        const successes = acknowledged.filter(({ result }) =>
          result.changes.some((change) => change.key === key),
        ).length;
        const [row] = await database.sql`
        select value, version from fairlead.entry_versions where key = ${key}
          order by version desc limit 1`;
        expect(row).toEqual({ value: successes, version: successes });
        expect(successes).toBeGreaterThan(0);
      }
      await expectSoundStore(database.sql);
      const transactions = await revisionsByTransaction(database.sql);
      // Or it was no group commit that held.
      expect(transactions.length).toBeLessThan(acknowledged.length / 2);
    },
    3 * durationMs + 60_000,
  );
});
