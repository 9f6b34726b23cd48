import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { arbitraryJson } from "../../test/helpers/arbitrary-json.ts";
import { effort } from "../../test/helpers/effort.ts";
import { missingFrom } from "../../test/helpers/missing-from.ts";
import { naiveResolve } from "../../test/helpers/naive-resolve.ts";
import {
  canonical,
  chainAt,
  createModel,
  effectiveChanges,
  idOf,
  liveAt,
  type ModelVersion,
  positionsOf,
  type StoreModel,
} from "../../test/helpers/store-model/model.ts";
import { Problem } from "../errors.ts";
import type { ChangeSet, Operation } from "./change-set.ts";
import { applyEvaluation, type EvaluationRules, evaluateChangeSet } from "./evaluate-change-set.ts";
import { type EffectiveValue, type Kind, registerKinds } from "./kind.ts";
import { addEntry, type EntryName, layerId, type State } from "./state.ts";

const runs = { numRuns: 400 * effort };

/** A kind that allows everything and remembers which effective values it was asked about. */
let judged: EffectiveValue[];
const permissive = (name: string): Kind => ({
  name,
  published: true,
  checkEntry: () => [],
  checkEffective: (value) => {
    judged.push(value);
    return [];
  },
  redact: (value) => value,
});

beforeEach(() => {
  judged = [];
});

const rules = (maxEffectiveChanges = 10_000): EvaluationRules => ({
  kinds: registerKinds(permissive("config"), permissive("memo")),
  maxLayerKeys: 100,
  maxEffectiveChanges,
  newEntryId: () => "new",
});

const apps = fc.subarray(["a1", "a2", "a3"]);
const environments = fc.subarray(["development", "production", "staging"], { minLength: 1 });
const schema = fc.constantFrom<{ title: string } | undefined>(undefined, undefined, { title: "s" });

interface Case {
  readonly model: StoreModel;
  readonly changeSet: ChangeSet;
}

const arbitraryCase: fc.Arbitrary<Case> = fc
  .tuple(apps, environments)
  .chain(([knownApps, knownEnvironments]) => {
    const nameIn = (named: readonly string[]): fc.Arbitrary<EntryName> =>
      fc.record({
        kind: fc.constantFrom("config", "config", "memo"),
        app: fc.constantFrom("", ...named),
        environment: fc.constantFrom("", ...knownEnvironments),
        key: fc.constantFrom("k", "l"),
      });
    const content = fc.record({
      value: arbitraryJson,
      merge: fc.constantFrom("replace" as const, "deep" as const, "deep" as const),
      schema,
    });
    const entries = fc.uniqueArray(
      fc.tuple(nameIn(knownApps), fc.constantFrom("put", "put", "delete"), content),
      { selector: ([name]) => idOf(name), maxLength: 16 },
    );
    const operations = fc.uniqueArray(
      fc.tuple(nameIn([...knownApps, "new-app"]), fc.constantFrom("put", "put", "delete"), content),
      { selector: ([name]) => idOf(name), minLength: 1, maxLength: 6 },
    );
    return fc.tuple(entries, operations).map(([stored, changes]) => {
      const model = { ...createModel(), apps: knownApps, environments: knownEnvironments };
      for (const [name, op, { value, ...rest }] of stored) {
        const made = { ...name, version: 1, revision: 1, description: undefined, ...rest };
        model.versions.push(
          op === "put" ? { ...made, op, value } : { ...made, op: "delete", value: null },
        );
      }
      return { model, changeSet: changeSetOf(model, changes) };
    });
  });

/** Deletes what is there, puts what is not. */
const changeSetOf = (
  model: StoreModel,
  changes: readonly [EntryName, string, Omit<ModelVersion, keyof EntryName> | object][],
): ChangeSet => {
  const live = new Set(liveAt(model).map(idOf));
  const operations = changes.map(
    ([name, op, content]): Operation =>
      op === "delete" && live.has(idOf(name))
        ? { op: "delete", ...name }
        : { op: "put", value: null, ...name, ...content },
  );
  return { message: "", operations, allowLargeChange: true };
};

const stateOf = (model: StoreModel): State => {
  const catalogue = { version: 1, environments: model.environments, apps: model.apps };
  const state: State = {
    epoch: "e",
    revision: 1,
    catalogue,
    entries: new Map(),
    layers: new Map(),
    dependents: new Map(),
    targets: new Map(),
  };
  for (const { op, ...version } of model.versions) {
    addEntry(state, { ...version, id: idOf(version), deleted: op === "delete" });
    const { app, environment, kind } = version;
    const layer = { kind, app, environment, headRevision: 1, entryCount: 50 };
    state.layers.set(layerId(kind, app, environment), layer);
  }
  return state;
};

/** The live entries that the change set leaves, worked out without any of the code under test. */
const liveAfter = ({ changeSet, model }: Case): ModelVersion[] => {
  const live = new Map(liveAt(model).map((entry) => [idOf(entry), entry]));
  for (const operation of changeSet.operations) {
    const id = idOf(operation);
    const current = live.get(id);
    if (operation.op === "delete") live.delete(id);
    else {
      const { merge, schema: ofPut, value, ...name } = operation;
      live.set(id, {
        ...name,
        value,
        version: 1,
        revision: 1,
        description: undefined,
        schema: ofPut ?? current?.schema,
        merge: merge ?? "replace",
      });
    }
  }
  return [...live.values()];
};

const namesAfter = ({ changeSet, model }: Case): Pick<StoreModel, "apps" | "environments"> => {
  const named = changeSet.operations.flatMap(({ app }) => (app === "" ? [] : [app]));
  return { apps: [...new Set([...model.apps, ...named])], environments: model.environments };
};

const sorted = (items: readonly unknown[]): string[] => items.map(canonical).toSorted();

describe("evaluateChangeSet", () => {
  it("finds the effective values that brute force over every position finds", () => {
    fc.assert(
      fc.property(arbitraryCase, (given) => {
        const evaluation = evaluateChangeSet(stateOf(given.model), given.changeSet, rules());
        const expected = effectiveChanges(namesAfter(given), liveAt(given.model), liveAfter(given));
        expect(sorted(evaluation.effective)).toEqual(sorted(expected));
        expect(evaluation.effectiveTotal).toBe(expected.length);
      }),
      runs,
    );
  });

  it("lists no more than the cap, counts all, and lists nothing wrong", () => {
    fc.assert(
      fc.property(arbitraryCase, fc.nat({ max: 12 }), (given, cap) => {
        const evaluation = evaluateChangeSet(stateOf(given.model), given.changeSet, rules(cap));
        const expected = effectiveChanges(namesAfter(given), liveAt(given.model), liveAfter(given));
        expect(evaluation.effectiveTotal).toBe(expected.length);
        expect(evaluation.effective).toHaveLength(Math.min(cap, expected.length));
        const listed = evaluation.effective.map(canonical);
        expect(missingFrom(expected.map(canonical), listed)).toEqual([]);
      }),
      runs,
    );
  });

  it("has the kind judge every value that the change can have altered, with all schemas on its way", () => {
    fc.assert(
      fc.property(arbitraryCase, (given) => {
        judged = [];
        const evaluation = evaluateChangeSet(stateOf(given.model), given.changeSet, rules());
        const live = liveAfter(given);
        const expected = evaluation.entries.flatMap((entry) =>
          positionsOf(namesAfter(given))
            .filter(({ app }) => entry.app === "" || entry.app === app)
            .filter(
              ({ environment }) => entry.environment === "" || entry.environment === environment,
            )
            .flatMap((position) => {
              const { key, kind } = entry;
              const chain = chainAt(live, { ...position, kind, key });
              const resolved = naiveResolve(chain);
              const schemas = chain.flatMap((link) => link.schema ?? []);
              return resolved === undefined ? [] : [canonical([resolved.value, schemas])];
            }),
        );
        const seen = judged.map(({ schemas, value }) =>
          canonical([value, schemas.map((item) => item.schema)]),
        );
        expect([...new Set(seen)].toSorted()).toEqual([...new Set(expected)].toSorted());
      }),
      runs,
    );
  });

  it("leaves the state alone; applied, it makes the change set change nothing more", () => {
    fc.assert(
      fc.property(arbitraryCase, ({ changeSet, model }) => {
        const state = stateOf(model);
        const untouched = structuredClone(state);
        const evaluation = evaluateChangeSet(state, changeSet, rules());
        expect(state).toStrictEqual(untouched);
        applyEvaluation(state, evaluation);
        const puts = changeSet.operations.filter(({ op }) => op === "put");
        const again = evaluateChangeSet(state, { ...changeSet, operations: puts }, rules());
        expect(again).toMatchObject({ changes: [], effective: [], entries: [], layers: [] });
        expect(state.revision).toBe(evaluation.entries.length === 0 ? 1 : 2);
      }),
      runs,
    );
  });

  it("names the operation's value where that is what readers get, else the position that breaks", () => {
    const refusing: Kind = {
      ...permissive("config"),
      checkEffective: ({ value }) =>
        canonical(value).includes("bad") ? [{ path: "a", message: "is bad" }] : [],
    };
    const given = { ...rules(), kinds: registerKinds(refusing) };
    const put = (app: string, value: object): Operation => {
      const name = { kind: "config", app, environment: "", key: "k" };
      return { op: "put", ...name, value: { ...value }, merge: "deep" };
    };
    const errorsOf = (state: State, operation: Operation): unknown => {
      try {
        return evaluateChangeSet(state, { message: "", operations: [operation] }, given);
      } catch (error) {
        return error instanceof Problem ? error.errors : error;
      }
    };
    const state = stateOf({ ...createModel(), apps: ["billing"] });
    expect(errorsOf(state, put("", { a: "bad" }))).toContainEqual({
      path: "operations.0.value.a",
      message: "is bad",
    });
    applyEvaluation(
      state,
      evaluateChangeSet(state, { message: "", operations: [put("billing", { b: 1 })] }, given),
    );
    const errors = errorsOf(state, put("", { a: "bad" }));
    expect(errors).toContainEqual({
      path: "operations.0",
      message: expect.stringMatching(/effective value of "k" in billing\/\* .* at "a": is bad/),
    });
  });
});
