import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { commit, put, remove } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import { expectSoundStore } from "../../test/helpers/expect-sound-store.ts";
import { createTestContext } from "../../test/helpers/test-context.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
  const ctx = createTestContext(database.sql);
  await commit(ctx, ...Array.from({ length: 300 }, (_, index) => put(`k${index}`, index)));
  await commit(ctx, put("k0", "changed"), remove("k1"), put("k0", 1, { app: "billing" }));
});

afterAll(async () => {
  await expectSoundStore(database.sql);
  await database.drop();
});

/** What a statement fails with; whether it does or not, nothing of it stays. */
const errorOf = async (statement: string): Promise<{ code?: string; constraint_name?: string }> => {
  try {
    return await database.sql.begin(async (tx) => {
      await tx.unsafe(statement);
      throw new Error("the statement was not refused");
    });
  } catch (error) {
    return error as object;
  }
};

describe("the history of entries", () => {
  const partitions = Array.from({ length: 10 }, (_, index) => `fairlead.entry_versions_${index}`);

  test.each([
    "update fairlead.entry_versions set value = '0' where key = 'k0'",
    "update fairlead.entry_versions set key = 'moved' where key = 'k0'",
    "delete from fairlead.entry_versions where key = 'k0'",
    "truncate fairlead.entry_versions",
    "truncate fairlead.entry_versions cascade",
    `insert into fairlead.entry_versions
      (kind, app, environment, key, version, revision, op, value, merge)
      values ('config', '', '', 'k0', 1, 1, 'put', '0', 'replace')
      on conflict on constraint entry_versions_pk do update set value = excluded.value`,
    ...partitions.flatMap((partition) => [
      `update ${partition} set revision = 1`,
      `delete from ${partition}`,
      `truncate ${partition}`,
    ]),
  ])("refuses to be changed: %s", async (statement) => {
    expect(await errorOf(statement)).toMatchObject({ code: "23001" });
  });

  it("is spread by key over ten partitions, all of which are used", async () => {
    const [layout] = await database.sql`
      select p.partstrat as strategy, array_agg(a.attname::text) as columns
      from pg_partitioned_table p
      join pg_attribute a on a.attrelid = p.partrelid and a.attnum = any(p.partattrs)
      where p.partrelid = 'fairlead.entry_versions'::regclass
      group by p.partstrat`;
    expect(layout).toEqual({ strategy: "h", columns: "{key}" });
    const used = await database.sql`
      select 'fairlead.' || c.relname as partition
      from (select distinct tableoid from fairlead.entry_versions) v
      join pg_class c on c.oid = v.tableoid order by 1`;
    expect(used.map(({ partition }) => partition)).toEqual(partitions);
    const [spread] = await database.sql`
      select count(distinct tableoid) as partitions from fairlead.entry_versions where key = 'k0'`;
    expect(spread).toEqual({ partitions: 1 });
  });

  it("has the key in every unique constraint of its tables", async () => {
    const rows = await database.sql`
      select c.conname, 'key' = any (
        select a.attname from pg_attribute a
        where a.attrelid = c.conrelid and a.attnum = any(c.conkey)
      ) as "hasKey"
      from pg_constraint c
      where c.contype in ('p', 'u')
        and c.conrelid in ('fairlead.entries'::regclass, 'fairlead.entry_versions'::regclass)`;
    expect(rows.length).toBeGreaterThanOrEqual(2);
    expect(rows.filter(({ hasKey }) => hasKey !== true)).toEqual([]);
  });
});

describe("a named constraint", () => {
  const version = (over: object): string => insert("entry_versions", { ...versionRow, ...over });
  const versionRow = {
    kind: "config",
    app: "",
    environment: "",
    key: "new",
    version: 1,
    revision: 3,
    op: "put",
    value: "1",
    merge: "replace",
  };
  const entry = (over: object): string => insert("entries", { ...entryRow, ...over });
  const entryRow = {
    id: "00000000-0000-4000-8000-000000000000",
    kind: "config",
    app: "",
    environment: "",
    key: "new",
    version: 1,
    revision: 3,
    deleted: false,
    value: "1",
    merge: "replace",
  };
  const changeSet = (over: object): string =>
    insert("change_sets", {
      revision: 3,
      committed_at: "2026-01-01",
      actor_type: "key",
      actor_id: "tester",
      message: "",
      change_count: 1,
      ...over,
    });
  const literal = (value: string | number | boolean | null): string =>
    value === null ? "null" : `'${value}'`;
  const insert = (table: string, row: object): string =>
    `insert into fairlead.${table} (${Object.keys(row).join()}) values (${Object.values(row).map(literal).join()})`;

  test.each([
    ["entry_versions_pk", version({ key: "k0" })],
    ["entry_versions_version_positive", version({ version: 0 })],
    ["entry_versions_op_is_known", version({ op: "patch" })],
    ["entry_versions_value_unless_deleted", version({ value: null })],
    ["entry_versions_value_unless_deleted", version({ op: "delete" })],
    ["entry_versions_merge_is_known", version({ merge: "shallow" })],
    ["entries_pk", entry({ key: "k0" })],
    ["entries_key_is_legal", entry({ key: "-" })],
    ["entries_key_is_legal", entry({ key: "x".repeat(257) })],
    ["entries_key_is_legal", entry({ key: "with space" })],
    ["entries_version_positive", entry({ version: 0 })],
    ["entries_value_unless_deleted", entry({ value: null })],
    ["entries_value_unless_deleted", entry({ deleted: true })],
    ["entries_merge_is_known", entry({ merge: "shallow" })],
    ["entries_value_unless_deleted", entry({ value: null })],
    ["entries_value_unless_deleted", entry({ deleted: true })],
    ["entries_merge_is_known", entry({ merge: "shallow" })],
    ["change_sets_pk", changeSet({ revision: 1 })],
    ["change_sets_revision_positive", changeSet({ revision: 0 })],
    ["change_sets_has_changes", changeSet({ change_count: 0 })],
    ["layers_pk", "insert into fairlead.layers values ('config', '', '', 1, 1)"],
    ["layers_entry_count_not_negative", "update fairlead.layers set entry_count = -1"],
    ["deployment_pk", "insert into fairlead.deployment default values"],
    ["deployment_is_single", "insert into fairlead.deployment (singleton) values (false)"],
    ["deployment_epoch_is_hex", "update fairlead.deployment set epoch = 'not sixteen hex'"],
    ["deployment_revision_not_negative", "update fairlead.deployment set revision = -1"],
    [
      "environments_pk",
      "insert into fairlead.environments values ('staging', 1, false, now(), 'x')",
    ],
    [
      "environments_name_is_legal",
      "insert into fairlead.environments values ('', 1, false, now(), 'x')",
    ],
    ["apps_pk", "insert into fairlead.apps values ('billing', now(), 'x')"],
    ["apps_name_is_legal", "insert into fairlead.apps values ('no/slash', now(), 'x')"],
    ["outbox_pk", "insert into fairlead.outbox values (1, now(), '[]', '[]')"],
  ])("%s refuses %s", async (constraint, statement) => {
    const [, table = ""] = /fairlead\.(\w+)/.exec(statement) ?? [];
    const error = await errorOf(statement);
    // The key of a partition carries the partition's name.
    const partition = constraint.replace(table, String.raw`${table}_\d`);
    expect(error.constraint_name).toMatch(new RegExp(`^(${constraint}|${partition}ey)$`));
  });

  it("allows the rows that the write path would write next", async () => {
    await expect(
      database.sql.begin(async (tx) => {
        for (const row of [version({}), version({ version: 2, op: "delete", value: null })]) {
          await tx.unsafe(row);
        }
        await tx.unsafe(entry({}));
        await tx.unsafe(changeSet({}));
        throw new Error("all of them were allowed");
      }),
    ).rejects.toThrow("all of them were allowed");
  });
});
