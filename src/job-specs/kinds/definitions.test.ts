import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  changeSetOf,
  commit,
  commitAsGroup,
  outcomesOf,
  put,
} from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  assessment,
  attestation,
  component,
  control,
  gone,
  graph,
  refusal,
} from "../../../test/helpers/definitions.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { expectSoundStore } from "../../../test/helpers/expect-sound-store.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import type { Operation } from "../../changes/change-set.ts";
import { commitChangeSet } from "../../changes/commit-change-set.ts";
import { rollBack } from "../../changes/roll-back.ts";
import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Json } from "../../platform/json.ts";
import { connectSql, type Sql } from "../../platform/sql.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterEach(async () => {
  await expectSoundReferences(database.sql);
  await expectSoundStore(database.sql);
  await database.drop();
});

/** What stands in the table is what the live entries name, and each of that is live. */
const expectSoundReferences = async (sql: Sql): Promise<void> => {
  const [row] = await sql<{ wrong: number; dangling: number }[]>`
    with named as (
      select e.kind, e.key, t.kind as target_kind, t.key as target_key
      from fairlead.entries e
      cross join lateral (
        select 'control' as kind, jsonb_array_elements_text(e.value -> 'controls') as key
        where e.kind = 'component'
        union
        select 'component', jsonb_array_elements_text(e.value -> 'components')
        where e.kind in ('assessment', 'attestation')
        union
        select 'assessment', e.value ->> 'assessment' where e.kind = 'attestation'
      ) t
      where not e.deleted
    )
    select
      (select count(*) from (
        (table named except select kind, key, target_kind, target_key from fairlead.entry_references)
        union all
        (select kind, key, target_kind, target_key from fairlead.entry_references except table named)
      ) difference) as wrong,
      (select count(*) from named n where not exists (
        select from fairlead.entries e
        where e.kind = n.target_kind and e.key = n.target_key and not e.deleted
          and e.app = '' and e.environment = ''
      )) as dangling`;
  expect(row).toEqual({ wrong: 0, dangling: 0 });
};

describe("definitions", () => {
  it("are committed in any order within a change set, and make no effective values", async () => {
    const { changes, effective, effectiveTotal } = await commit(ctx, ...graph);
    expect(changes).toHaveLength(6);
    expect([effective, effectiveTotal]).toEqual([[], 0]);
  });

  it.each([
    [component("c", ["nowhere"]), "value.controls.0", 'there is no control "nowhere"'],
    [assessment("a", ["nowhere"]), "value.components.0", 'there is no component "nowhere"'],
    [attestation("t", "none", []), "value.assessment", 'there is no assessment "none"'],
  ])("are refused where they name what is not there (%#)", async (operation, path, message) => {
    const { code, errors } = await refusal(commit(ctx, operation));
    expect(code).toBe("UNPROCESSABLE");
    expect(errors).toEqual([{ path: `operations.0.${path}`, message }]);
  });

  it("are not deleted while others name them, and those are listed", async () => {
    await commit(ctx, ...graph);
    const { code, errors } = await refusal(commit(ctx, gone("control", "ac-1")));
    expect(code).toBe("UNPROCESSABLE");
    expect(errors[0]?.path).toBe("operations.0.key");
    expect(errors[0]?.message).toMatch(/component "(web|db)", component "(web|db)"/);
    // With those that name it, or once they name it no more, it may go.
    await commit(ctx, component("web", ["ac-2"]), component("db", []), gone("control", "ac-1"));
    await commit(
      ctx,
      gone("control", "ac-2"),
      ...["web", "db"].map((key) => gone("component", key)),
      gone("assessment", "ass"),
      gone("attestation", "att"),
    );
  });

  it("list at most ten dependents, and none that the caller may not see", async () => {
    const keys = Array.from({ length: 14 }, (_, index) => `part-${index}`);
    await commit(ctx, control("ac-1"), ...keys.map((key) => component(key, ["ac-1"])));
    const all = await refusal(commit(ctx, gone("control", "ac-1")));
    expect(all.message).toContain("4 more");
    const limited: Ctx = {
      ...ctx,
      permissions: permissionsOf([
        { role: "editor", effect: "allow", kinds: ["control"] },
        { role: "viewer", effect: "allow", kinds: ["component"], keys: ["part-1"] },
      ]),
    };
    const some = await refusal(commit(limited, gone("control", "ac-1")));
    expect(some.message).toContain('component "part-1", what you may not see');
    expect(some.message).not.toContain("part-2");
  });

  it("name nothing that their author may not see, but for what they named before", async () => {
    await commit(ctx, ...graph);
    const limited: Ctx = {
      ...ctx,
      permissions: permissionsOf([{ role: "editor", effect: "allow", kinds: ["component"] }]),
    };
    const hidden = await refusal(commit(limited, component("new", ["ac-1"])));
    const missing = await refusal(commit(limited, component("new", ["ac-9"])));
    expect(hidden.message.replace("ac-1", "ac-9")).toBe(missing.message);
    await commit(limited, component("db", ["ac-1"]), component("web", ["ac-1"]));
  });

  it.each([
    [{ app: "shop" }, "operations.0.app"],
    [{ environment: "production" }, "operations.0.environment"],
    [{ schema: true }, "operations.0.schema"],
    [{ merge: "deep" as const }, "operations.0.merge"],
  ])("apply everywhere, with a shape of their own: %j is refused", async (more, path) => {
    const operation = put("ac-1", { title: "one" }, { kind: "control", ...more });
    const { code, errors } = await refusal(commit(ctx, operation));
    expect([code, errors[0]?.path]).toEqual(["UNPROCESSABLE", path]);
  });

  it.each<[string, Json, string]>([
    ["control", {}, "value.title"],
    ["control", [], "value"],
    ["component", { title: "t" }, "value.controls"],
    ["component", { title: "t", controls: ["a", "a"] }, "value.controls"],
    ["component", { title: "t", controls: ["a b"] }, "value.controls.0"],
    ["component", { title: "t", controls: [], more: 1 }, "value"],
    [
      "attestation",
      { title: "t", components: ["none"], assessment: "a", template: 1, app: "a b" },
      "value.app",
    ],
    ["assessment", { title: "t", components: [1] }, "value.components.0"],
    ["attestation", { title: "t", components: [], assessment: {} }, "value.assessment"],
    [
      "attestation",
      { title: "t", components: [], assessment: "a", intervalSeconds: 0 },
      "value.intervalSeconds",
    ],
    [
      "attestation",
      { title: "t", components: [], assessment: "a", template: { a: "${attestation.title" } },
      "value.template.a",
    ],
  ])("of kind %s refuse %j at its place", async (kind, value, path) => {
    const { code, errors } = await refusal(commit(ctx, put("x", value, { kind })));
    expect([code, errors[0]?.path]).toEqual(["UNPROCESSABLE", `operations.0.${path}`]);
  });

  it("are refused as too large past the limit of a value", async () => {
    const value = { title: "t", description: "x".repeat(90_000), text: "x".repeat(1_000_000) };
    expect(await refusal(commit(ctx, put("x", value, { kind: "control" })))).toMatchObject({
      code: "TOO_LARGE",
    });
  });

  it("come back by a rollback together with what they name", async () => {
    const { revision } = await commit(ctx, ...graph);
    await commit(
      ctx,
      gone("attestation", "att"),
      gone("assessment", "ass"),
      gone("component", "web"),
      gone("component", "db"),
      gone("control", "ac-1"),
      gone("control", "ac-2"),
    );
    await rollBack(ctx, { toRevision: revision ?? 0, allowLargeChange: true });
    const entry = { kind: "component", app: "", environment: "", key: "web" };
    await rollBack(ctx, { entry, toVersion: 1 });
    expect(await refusal(commit(ctx, gone("control", "ac-2")))).toMatchObject({
      code: "UNPROCESSABLE",
    });
  });
});

describe("references under concurrency", () => {
  it("hold between the members of a group, in either order", async () => {
    await commit(ctx, control("ac-1"), control("ac-2"), component("web", ["ac-2"]));
    const outcomes = await commitAsGroup(ctx, [
      changeSetOf(component("db", ["ac-1"])),
      changeSetOf(gone("control", "ac-1")),
      changeSetOf(component("web", [])),
      changeSetOf(gone("control", "ac-2")),
      changeSetOf(component("web", ["ac-2"])),
    ]);
    expect(outcomesOf(outcomes)).toEqual([2, "UNPROCESSABLE", 3, 4, "UNPROCESSABLE"]);
  });

  it("never dangle while two processes name and delete the same", async () => {
    const secondSql = connectSql(database.url, { max: 4 });
    const second = createTestContext(secondSql);
    const keys = ["ac-1", "ac-2", "ac-3"];
    const names = ["web", "db", "queue"];
    await commit(ctx, ...keys.map((key) => control(key)));
    let accepted = 0;
    let refused = 0;
    const step = async (one: Ctx, turn: number): Promise<void> => {
      const key = keys[turn % keys.length] ?? "";
      const name = names[Math.floor(turn / 3) % names.length] ?? "";
      const operations = [
        component(name, [key]),
        gone("control", key),
        control(key, `again ${turn}`),
        component(name, []),
      ];
      const operation = operations[turn % operations.length];
      try {
        if (operation !== undefined) await commit(one, operation);
        accepted += 1;
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        refused += 1;
      }
    };
    const work = async (one: Ctx, offset: number): Promise<void> => {
      for (let turn = 0; turn < 60 * effort; turn += 1) await step(one, turn * 7 + offset);
    };
    try {
      await Promise.all([0, 1, 2, 3].map((index) => work(index % 2 === 0 ? ctx : second, index)));
      expect(Math.min(accepted, refused)).toBeGreaterThan(0);
    } finally {
      await secondSql.end();
    }
  });

  it("hold after any change sets, as a plain model says", async () => {
    const small = fc.constantFrom("a", "b", "c");
    const some = fc.uniqueArray(small, { maxLength: 3 });
    const operation = fc.oneof(
      small.map((key) => control(key)),
      fc.tuple(small, some).map(([key, controls]) => component(key, controls)),
      fc.tuple(small, some).map(([key, components]) => assessment(key, components)),
      fc.tuple(small, small, some).map(([key, of, parts]) => attestation(key, of, parts)),
      fc
        .tuple(fc.constantFrom("control", "component", "assessment", "attestation"), small)
        .map(([kind, key]) => gone(kind, key)),
    );
    const changeSet = fc.uniqueArray(operation, {
      minLength: 1,
      maxLength: 6,
      selector: ({ key, kind }) => `${kind}/${key}`,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(changeSet, { minLength: 1, maxLength: 8 }), async (changeSets) => {
        const model = await readModel(database.sql);
        for (const operations of changeSets) {
          const expected = applyToModel(model, operations);
          const committed = await commitChangeSet(ctx, {
            changeSet: { message: "", operations, allowLargeChange: true },
          }).then(
            () => true,
            (error: unknown) => {
              if (error instanceof Problem) return false;
              throw error;
            },
          );
          expect(committed).toBe(expected);
        }
      }),
      { numRuns: 15 * effort },
    );
  });
});

type Model = Map<string, readonly string[]>;

const idOf = (kind: string, key: string): string => `${kind}/${key}`;

const namedBy = (kind: string, value: Json): string[] => {
  const { assessment: of, components = [], controls = [] } = value as Record<string, string[]>;
  return [
    ...controls.map((key) => idOf("control", key)),
    ...components.map((key) => idOf("component", key)),
    ...(kind === "attestation" ? [idOf("assessment", String(of))] : []),
  ];
};

const readModel = async (sql: Sql): Promise<Model> => {
  const rows = await sql<{ kind: string; key: string; value: Json }[]>`
    select kind, key, value from fairlead.entries where not deleted`;
  return new Map(rows.map(({ key, kind, value }) => [idOf(kind, key), namedBy(kind, value)]));
};

/** Whether a change set holds; then the model is moved on. */
const applyToModel = (model: Model, operations: readonly Operation[]): boolean => {
  const after: Model = new Map(model);
  for (const operation of operations) {
    const id = idOf(operation.kind, operation.key);
    if (operation.op === "put") after.set(id, namedBy(operation.kind, operation.value));
    else if (!after.delete(id)) return false;
  }
  if ([...after.values()].flat().some((target) => !after.has(target))) return false;
  model.clear();
  for (const [id, targets] of after) model.set(id, targets);
  return true;
};
