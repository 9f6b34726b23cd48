import * as fc from "fast-check";
import type { ChangeSet, Operation } from "../../../src/changes/change-set.ts";
import type { EntryRollback, RevisionRollback } from "../../../src/changes/roll-back.ts";
import type { EntryName } from "../../../src/changes/state.ts";
import type { Json } from "../../../src/platform/json.ts";
import { arbitraryJson } from "../arbitrary-json.ts";
import { idOf, liveAt, newestAt, type StoreModel } from "./model.ts";
import { modelSchemas } from "./model-schemas.ts";

/** What is asked of the store, in terms that get their numbers once it is known what is there. */
export type Step =
  | ({ readonly type: "change"; readonly operations: readonly SketchedOperation[] } & Conditions)
  | ({
      readonly type: "bulk";
      readonly scope: SketchedScope;
      readonly from: number;
      readonly keys: number;
      readonly value: Json | undefined;
    } & Conditions)
  | { readonly type: "roll back entry"; readonly which: number; readonly versionsBack: number }
  | {
      readonly type: "roll back";
      readonly scope: SketchedScope | undefined;
      readonly revisionsBack: number;
      readonly allowLargeChange: boolean;
    };

interface Conditions {
  readonly revisionsBack: number | undefined;
  readonly allowLargeChange: boolean;
}

interface SketchedScope {
  readonly app: string;
  readonly environment: string;
}

interface SketchedOperation {
  readonly name: EntryName;
  /** A delete of what is not there becomes a put, unless it is blind. */
  readonly op: "put" | "delete" | "delete blindly";
  readonly value: Json;
  readonly schema: Json | null | undefined;
  readonly description: string | null | undefined;
  readonly merge: "replace" | "deep" | undefined;
  readonly expected: "anything" | "current" | "absent" | "another";
}

/** Several steps that are submitted at once, so that they are committed as groups. */
export type Round =
  | { readonly type: "steps"; readonly steps: readonly Step[]; readonly dryRunFirst: boolean }
  | { readonly type: "create app"; readonly name: string }
  | { readonly type: "create environment"; readonly name: string };

const global = { app: "", environment: "" };

const scope: fc.Arbitrary<SketchedScope> = fc.record({
  app: fc.constantFrom("", "", "billing", "search"),
  environment: fc.constantFrom("", "", "production", "staging"),
});

const name: fc.Arbitrary<EntryName> = fc
  .tuple(scope, fc.constantFrom("config", "config", "config", "memo"), fc.constantFrom("a", "b.c"))
  .map(([ofScope, kind, key]) => ({ kind, ...ofScope, key }));

const schema = fc.option(fc.constantFrom(...modelSchemas.map(([candidate]) => candidate)));
const rarely = <Value>(value: fc.Arbitrary<Value>, freq = 4): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined, freq });

const operation: fc.Arbitrary<SketchedOperation> = fc.record({
  name: fc.oneof(
    { weight: 30, arbitrary: name },
    { weight: 1, arbitrary: name.map((known) => ({ ...known, environment: "nowhere" })) },
  ),
  op: fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom("put", "put", "put", "delete") },
    { weight: 1, arbitrary: fc.constant("delete blindly" as const) },
  ),
  value: fc.oneof({ weight: 2, arbitrary: arbitraryJson }, fc.nat({ max: 5 })),
  schema: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, schema),
  description: fc.constantFrom(undefined, undefined, undefined, null, "why"),
  merge: fc.constantFrom(undefined, "replace" as const, "deep" as const),
  expected: fc.constantFrom(
    ...Array.from({ length: 9 }, () => "anything" as const),
    ...(["current", "current", "absent", "another"] as const),
  ),
});

const conditions = { revisionsBack: rarely(fc.nat({ max: 4 }), 2), allowLargeChange: fc.boolean() };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant("change" as const),
      operations: fc.uniqueArray(operation, {
        selector: (item) => idOf(item.name),
        minLength: 1,
        maxLength: 4,
      }),
      ...conditions,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("bulk" as const),
      scope,
      from: fc.nat({ max: 8 }),
      keys: fc.integer({ min: 8, max: 24 }),
      value: rarely(fc.nat({ max: 3 })),
      ...conditions,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("roll back entry" as const),
      which: fc.nat({ max: 1_000 }),
      versionsBack: fc.integer({ min: -1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("roll back" as const),
      scope: rarely(scope, 2),
      revisionsBack: fc.integer({ min: -1, max: 6 }),
      allowLargeChange: fc.boolean(),
    }),
  },
);

export const arbitraryRound: fc.Arbitrary<Round> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant("steps" as const),
      steps: fc.array(step, { minLength: 1, maxLength: 6 }),
      dryRunFirst: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("create app" as const),
      name: fc.constantFrom("billing", "idle"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("create environment" as const),
      name: fc.constantFrom("qa", "production"),
    }),
  },
);

/** A step with its numbers: a change set, or a rollback. */
export type Request =
  | { readonly changeSet: ChangeSet }
  | { readonly rollback: RevisionRollback | EntryRollback };

export const requestOf = (model: StoreModel, given: Step, message: string): Request => {
  const revision = model.changeSets.length;
  if (given.type === "roll back entry") {
    const known = model.versions[given.which % Math.max(1, model.versions.length)];
    const { app, environment, key, kind } = known ?? { ...global, kind: "config", key: "missing" };
    const entry = { kind, app, environment, key };
    const newest = newestAt(model, entry)?.version ?? 0;
    const toVersion = Math.max(1, newest - given.versionsBack);
    return { rollback: { entry, toVersion, message } };
  }
  if (given.type === "roll back") {
    const toRevision = Math.max(0, revision - given.revisionsBack);
    const { allowLargeChange, scope: ofScope } = given;
    return { rollback: { scope: ofScope, toRevision, message, allowLargeChange } };
  }
  const operations =
    given.type === "bulk"
      ? bulkOperations(model, given)
      : given.operations.map((sketch) => operationOf(model, sketch));
  const { allowLargeChange, revisionsBack } = given;
  const expectedRevision =
    revisionsBack === undefined ? undefined : Math.max(0, revision - revisionsBack);
  return { changeSet: { message, operations, expectedRevision, allowLargeChange } };
};

const operationOf = (model: StoreModel, sketch: SketchedOperation): Operation => {
  const newest = newestAt(model, sketch.name);
  const current = newest?.op === "put" ? newest.version : 0;
  const expectedVersion = {
    anything: undefined,
    current,
    absent: 0,
    // Of a deleted entry it is the version that it had.
    another: current === 0 ? (newest?.version ?? 1) : current + 1,
  }[sketch.expected];
  if (sketch.op === "delete blindly" || (sketch.op === "delete" && current > 0)) {
    return { op: "delete", ...sketch.name, expectedVersion };
  }
  const { description, merge, schema: ofPut, value } = sketch;
  return { op: "put", ...sketch.name, value, schema: ofPut, description, merge, expectedVersion };
};

/** Many keys of one layer at once: puts, or deletes of those that are there. */
const bulkOperations = (
  model: StoreModel,
  { from, keys, scope: { app, environment }, value }: Extract<Step, { type: "bulk" }>,
): Operation[] => {
  const names = Array.from({ length: keys }, (_, index) => {
    const key = `bulk.${from + index}`;
    return { kind: "config", app, environment, key };
  });
  if (value !== undefined) return names.map((named) => ({ op: "put", ...named, value }));
  const live = new Set(liveAt(model).map(idOf));
  return names
    .filter((named) => live.has(idOf(named)))
    .map((named) => ({ op: "delete", ...named }));
};
