import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeSetOf, commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { createTestContext, permissionsOf } from "../../test/helpers/test-context.ts";
import type { Grant } from "../permissions/grant.ts";
import { inTransaction } from "../platform/transaction.ts";
import type { ChangeSet } from "./change-set.ts";
import { countVisibleKeys, layersToCount } from "./count-visible-keys.ts";

const shop = { app: "shop", environment: "staging" };
const layer = { kind: "config", ...shop };
const allow: Grant = { role: "editor", effect: "allow", ...shop };
const part = permissionsOf([{ ...allow, keys: ["open.*"] }]);

const guarded = (...operations: ChangeSet["operations"]): ChangeSet => ({
  message: "",
  operations,
});

const puts = (count: number) =>
  Array.from({ length: count }, (_, index) => put(`open.${index}`, 2, shop));

describe("the layers to count", () => {
  it("are those seen in part of which something is deleted or much is put", () => {
    expect(layersToCount(part, guarded(remove("open.a", shop)))).toEqual([layer]);
    expect(layersToCount(part, guarded(...puts(11)))).toEqual([layer]);
    expect(layersToCount(part, guarded(...puts(10)))).toEqual([]);
  });

  it("are none for who sees the layer whole, or means a large change", () => {
    const changeSet = guarded(remove("open.a", shop), ...puts(20));
    for (const permissions of [permissionsOf([allow]), permissionsOf([{ ...allow, app: "*" }])]) {
      expect(layersToCount(permissions, changeSet)).toEqual([]);
    }
    expect(layersToCount(part, changeSetOf(...changeSet.operations))).toEqual([]);
  });
});

describe("countVisibleKeys", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it("counts the keys that are there and seen, layer by layer", async () => {
    const ctx = createTestContext(database.sql);
    const other = { ...shop, environment: "production" };
    await commit(
      ctx,
      ...["open.a", "open.b", "open.gone", "hidden.a"].map((key) => put(key, 1, shop)),
      put("open.a", 1, other),
      put("open.a", 1, { app: "other", environment: "staging" }),
    );
    await commit(ctx, remove("open.gone", shop));
    const layers = [layer, { kind: "config", ...other }, { ...layer, environment: "development" }];
    const permissions = permissionsOf([{ role: "editor", effect: "allow", keys: ["open.*"] }]);
    const counts = await inTransaction(
      database.sql,
      "isolation level repeatable read read only",
      (tx) => countVisibleKeys(tx, permissions, layers),
    );
    expect([...counts]).toEqual([
      ["config/shop/staging", 2],
      ["config/shop/production", 1],
      ["config/shop/development", 0],
    ]);
  });
});
