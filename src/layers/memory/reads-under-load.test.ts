import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Operation } from "../../changes/change-set.ts";
import { createCommitter } from "../../changes/committer.ts";
import { evaluationRules } from "../../changes/evaluation-rules.ts";
import type { Ctx } from "../../context.ts";
import { connectSql } from "../../platform/sql.ts";
import { effectiveOf } from "../read-position.ts";
import { followRevisions } from "./follow-revisions.ts";
import { createLayerMemory } from "./layer-memory.ts";
import { createLayerReader, type LayerReader } from "./layer-reader.ts";

const loadMs = 1_500 * effort;
const apps = ["pay", "search", "billing", "mail"];
const query = (app: string) => ({ kind: "config", app, environment: "production" });

/** Every change set puts one number into all of these, so that half of one shows. */
const placesAs = (number: number): Operation[] => [
  put("global", number),
  put("everywhere", number, { environment: "production" }),
  ...apps.flatMap((app) => [
    put("app", number, { app }),
    put("place", number, { app, environment: "production" }),
  ]),
];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let layers: LayerReader;
let writers: Ctx[];
/** By revision, the number that was committed. */
const numbers = new Map<number, number>();
let stop: () => Promise<void>;

beforeAll(async () => {
  database = await createTestDatabase();
  // Less than all that is read, so that layers come and go all the time.
  layers = createLayerReader(createLayerMemory(2_500));
  const ctx = createTestContext(database.sql);
  const rules = evaluationRules(ctx);
  const committer = createCommitter({ ...ctx, rules, onCommit: (run) => layers.takeOwn(run) });
  writers = [{ ...ctx, committer }, createTestContext(database.sql)];
  const { revision } = await commit(writers[1]!, ...placesAs(-1));
  numbers.set(revision ?? 0, -1);
  await layers.followOnce(database.sql);
  const connect = () => connectSql(database.url, { max: 1 });
  stop = followRevisions({ layers, connect, log: ctx.log, everyMs: 200 });
});

afterAll(async () => {
  await stop();
  await database.drop();
});

describe("reads from memory, while two processes commit and layers come and go", () => {
  let isTime = false;
  const seen = new Set<number>();
  // On a slow machine it goes on until it has proved something.
  const goesOn = (): boolean => !isTime || seen.size <= 20 || layers.figures().misses <= 20;
  const shown: { readonly revision: number; readonly values: readonly unknown[] }[] = [];

  const write = async (ctx: Ctx, writer: number): Promise<void> => {
    for (let turn = 0; goesOn(); turn += 1) {
      const number = turn * 2 + writer;
      const { revision } = await commit(ctx, ...placesAs(number));
      numbers.set(revision ?? 0, number);
      if (writer === 1) continue;
      // What this process has committed, whoever asks it next is shown.
      await layers.reach(database.sql, { revision: revision ?? 0 });
      expect(layers.memory.point().revision).toBeGreaterThanOrEqual(revision ?? 0);
    }
  };

  const read = async (reader: number): Promise<void> => {
    let last = 0;
    for (let turn = reader; goesOn(); turn += 1) {
      const asked = query(apps[turn % apps.length] ?? "");
      const { resolved, revision } = await layers.open(database.sql, asked, (opened) =>
        effectiveOf(opened, asked),
      );
      expect(revision).toBeGreaterThanOrEqual(last);
      last = revision;
      seen.add(revision);
      shown.push({ revision, values: [...resolved.values()].map(({ value }) => value) });
    }
  };

  it("show each revision whole, and never go back", async () => {
    const working = Promise.all([
      ...writers.map(write),
      ...Array.from({ length: 6 }, (_, reader) => read(reader)),
    ]);
    setTimeout(() => {
      isTime = true;
    }, loadMs);
    await working;
    const broken = shown.filter(
      ({ revision, values }) => values.join() !== Array(4).fill(numbers.get(revision)).join(),
    );
    expect(broken).toEqual([]);
  });
});
