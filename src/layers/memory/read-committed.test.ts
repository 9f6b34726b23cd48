import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Sql } from "../../platform/sql.ts";
import { readCommitted } from "./read-committed.ts";

const sizes = [1, 6_000, 6_000, 2_000, 1];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let epoch: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const ctx = createTestContext(database.sql);
  let made = 0;
  for (const [index, size] of sizes.entries()) {
    const puts = Array.from({ length: size }, () => put(`key.${(made += 1)}`, index));
    await commit(ctx, ...puts);
  }
  const [row] = await database.sql<{ epoch: string }[]>`select epoch from fairlead.deployment`;
  epoch = row!.epoch;
});

afterAll(() => database.drop());

describe("what was committed after a point", () => {
  it("is read some changes at a time, whole revisions, until nothing is left", async () => {
    const read: number[][] = [];
    for (let revision = 0; revision < sizes.length; ) {
      const { run } = await readCommitted(database.sql, { epoch, revision }, -1);
      const revisions = run?.revisions ?? [];
      expect(run?.after).toBe(revision);
      for (const one of revisions) expect(one.entries).toHaveLength(sizes[one.revision - 1]!);
      read.push(revisions.map((one) => one.revision));
      revision = revisions.at(-1)!.revision;
    }
    expect(read).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it("is not read at all by whoever begins, or knows another history", async () => {
    for (const point of [
      { epoch: "", revision: -1 },
      { epoch: "another", revision: 0 },
    ]) {
      let bytes = 0;
      const sql = async (...query: Parameters<Sql>) => {
        const rows: unknown = await database.sql(...query);
        bytes += JSON.stringify(rows).length;
        return rows;
      };
      const { newest, run } = await readCommitted(sql as unknown as Sql, point, -1);
      expect(run).toBeUndefined();
      expect(newest).toEqual({ epoch, revision: sizes.length });
      expect(bytes).toBeLessThan(1_000);
    }
  });
});
