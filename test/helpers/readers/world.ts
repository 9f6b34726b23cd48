import * as fc from "fast-check";
import { commitChangeSet } from "../../../src/changes/commit-change-set.ts";
import type { Kind } from "../../../src/changes/kind.ts";
import type { Ctx } from "../../../src/context.ts";
import { createApp } from "../../../src/environments/create-app.ts";
import { compilePermissions } from "../../../src/permissions/compile-permissions.ts";
import { testRoleActions } from "../arbitrary-grants.ts";
import { createTestDatabase } from "../database.ts";
import { commitToModel } from "../store-model/commit.ts";
import { createModel, type StoreModel } from "../store-model/model.ts";
import { createTestContext } from "../test-context.ts";
import { changeSetFrom, type SketchedOperation, storeNames } from "./arbitrary-store.ts";
import type { ModelReader } from "./model-reader.ts";

/** A second kind without rules, so that grants of kinds have something to choose from. */
const memo: Kind = {
  name: "memo",
  published: false,
  checkEntry: () => [],
  checkEffective: () => [],
  redact: (value) => value,
};

export interface BareWorld {
  as(reader: ModelReader): Ctx;
  drop(): Promise<void>;
}

/** A store in PostgreSQL, the model of it, and those who ask. */
export interface World extends BareWorld {
  readonly name: string;
  readonly model: StoreModel;
  readonly administrator: Ctx;
  /** An answer to the administrator, asked for once. */
  once<Answer>(question: string, ask: (ctx: Ctx) => Promise<Answer>): Promise<Answer>;
  /** Changes the store and the model alike. */
  change(sketches: readonly SketchedOperation[]): Promise<void>;
}

export const createWorld = async (
  changeSets: readonly (readonly SketchedOperation[])[],
  name = "a store",
): Promise<World> => {
  const database = await createTestDatabase();
  const administrator = createTestContext(database.sql, { kinds: [memo] });
  const model = createModel();
  const answers = new Map<string, Promise<unknown>>();
  const world = {
    [fc.toStringMethod]: () => name,
    name,
    model,
    administrator,
    as: (reader: ModelReader): Ctx => contextOf(administrator, reader),
    once: <Answer>(question: string, ask: (ctx: Ctx) => Promise<Answer>): Promise<Answer> => {
      const known = answers.get(question) ?? ask(administrator);
      answers.set(question, known);
      return known as Promise<Answer>;
    },
    change: async (sketches: readonly SketchedOperation[]): Promise<void> => {
      const changeSet = changeSetFrom(model, sketches);
      await commitChangeSet(administrator, { changeSet });
      if ("reasons" in commitToModel(model, changeSet)) throw new Error("the model refuses");
      answers.clear();
    },
    drop: () => database.drop(),
  };
  for (const app of storeNames.apps) {
    await createApp(administrator, { name: app });
    model.apps.push(app);
  }
  for (const sketches of changeSets) await world.change(sketches);
  return world;
};

/** A deployment in which nothing exists, so that nothing can be hidden from anybody. */
export const createBareWorld = async (): Promise<BareWorld> => {
  const database = await createTestDatabase();
  await database.sql`delete from fairlead.environments`;
  // Whatever revision is asked for, it has been reached.
  await database.sql`update fairlead.deployment set revision = 1000`;
  const administrator = createTestContext(database.sql, { kinds: [memo] });
  return { as: (reader) => contextOf(administrator, reader), drop: () => database.drop() };
};

const contextOf = (administrator: Ctx, { grants }: ModelReader): Ctx => ({
  ...administrator,
  permissions: compilePermissions(grants, testRoleActions),
});
