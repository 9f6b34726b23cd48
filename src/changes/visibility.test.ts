import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testRoleActions } from "../../test/helpers/arbitrary-grants.ts";
import { changeSetOf, put } from "../../test/helpers/change-sets.ts";
import { effort } from "../../test/helpers/effort.ts";
import { missingFrom } from "../../test/helpers/missing-from.ts";
import { naiveResolve } from "../../test/helpers/naive-resolve.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import {
  arbitraryOperations,
  changeSetFrom,
  everyName,
  type SketchedOperation,
  storeNames,
} from "../../test/helpers/readers/arbitrary-store.ts";
import { countCells } from "../../test/helpers/readers/count-cells.ts";
import type { ModelReader } from "../../test/helpers/readers/model-reader.ts";
import { liveAfter, previewByModel } from "../../test/helpers/readers/preview-by-model.ts";
import { appliesUnseen, reachOf } from "../../test/helpers/readers/reach.ts";
import { commitToModel, judgeByModel } from "../../test/helpers/store-model/commit.ts";
import {
  canonical,
  chainAt,
  createModel,
  liveAt,
  type StoreModel,
} from "../../test/helpers/store-model/model.ts";
import { Problem } from "../errors.ts";
import { compilePermissions, type Permissions } from "../permissions/compile-permissions.ts";
import type { Grant } from "../permissions/grant.ts";
import type { Json } from "../platform/json.ts";
import type { ChangeSet } from "./change-set.ts";
import { applyEvaluation, type EvaluationRules, evaluateChangeSet } from "./evaluate-change-set.ts";
import { type Kind, registerKinds } from "./kind.ts";
import { addEntry, type EntryName, layerId, type State } from "./state.ts";

const permissive = (name: string): Kind => ({
  name,
  published: true,
  checkEntry: () => [],
  checkEffective: () => [],
  redact: (value) => value,
});

/** Says the value that it refuses, as a schema's error may. */
const refusing = (name: string): Kind => ({
  ...permissive(name),
  checkEffective: ({ value }) =>
    isRefused(value) ? [{ path: "", message: `refuses ${canonical(value)}` }] : [],
});

const isRefused = (value: Json): boolean => canonical(value).length % 2 === 0;

const rulesOf = (
  kinds: (name: string) => Kind,
  more: Partial<EvaluationRules> = {},
): EvaluationRules => ({
  kinds: registerKinds(...storeNames.kinds.map(kinds)),
  maxLayerKeys: 1_000,
  maxEffectiveChanges: 10_000,
  newEntryId: () => "new",
  ...more,
});

const permissionsOf = (grants: readonly Grant[]): Permissions =>
  compilePermissions(grants, testRoleActions);

const keys = ["db.host", "db.port", "secret.token"];
const arbitraryHistory = fc.array(arbitraryOperations(8, keys), { minLength: 1, maxLength: 3 });
const nextOperations = arbitraryOperations(4, keys);

interface Store {
  readonly model: StoreModel;
  readonly state: State;
}

/** A small store as the model and as the state that change sets are judged against. */
const storeOf = (history: readonly (readonly SketchedOperation[])[]): Store => {
  const model = { ...createModel(), apps: [...storeNames.apps] };
  const { environments } = model;
  const state: State = {
    epoch: "e",
    revision: 0,
    catalogue: { version: 1, environments, apps: model.apps.toSorted() },
    entries: new Map(),
    layers: new Map(),
    dependents: new Map(),
    targets: new Map(),
  };
  for (const sketches of history) {
    const changeSet = changeSetFrom(model, sketches);
    applyEvaluation(state, evaluateChangeSet(state, changeSet, rulesOf(permissive)));
    commitToModel(model, changeSet);
  }
  return { model, state };
};

const names = everyName(keys);

/** What the reader may see, and what applies unseen too. */
const partlySeenBy = (reader: ModelReader): EntryName[] =>
  names.filter((name) => reader.sees(name) && appliesUnseen(reader, name));

const partReader = arbitraryReader.filter((reader) => partlySeenBy(reader).length > 0);

/** A change set as it comes to be judged: of what may be seen, here of what also applies unseen. */
const changeSetFor = (
  { model }: Store,
  reader: ModelReader,
  sketches: readonly SketchedOperation[],
): ChangeSet => changeSetFrom(model, sketches, partlySeenBy(reader));

const sorted = (items: readonly unknown[]): string[] => items.map(canonical).toSorted();

/** What evaluation refuses, in the words that the client gets. */
const errorsOf = (evaluate: () => unknown): Problem["errors"] => {
  try {
    evaluate();
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.errors;
  }
};

const isTold = ({ message }: { readonly message: string }): boolean => message.includes("refuses");

/** What is told of a change set: what breaks visibly, and else what it does. */
const previewFor = (state: State, changeSet: ChangeSet, permissions: Permissions): object => {
  const errors = errorsOf(() =>
    evaluateChangeSet(state, changeSet, rulesOf(refusing), permissions),
  );
  const found = evaluateChangeSet(state, changeSet, rulesOf(permissive), permissions);
  const { changes, effective, effectiveTotal } = found;
  return { changes, effective, effectiveTotal, errors: sorted(errors.filter(isTold)) };
};

describe("the preview of a change set", () => {
  it("shows the effective changes that the reader may see, and counts no others", () => {
    const cells = countCells();
    fc.assert(
      fc.property(
        arbitraryHistory,
        partReader,
        nextOperations,
        fc.option(fc.nat({ max: 12 }), { nil: 10_000 }),
        (history, reader, sketches, cap) => {
          const store = storeOf(history);
          const changeSet = changeSetFor(store, reader, sketches);
          const rules = rulesOf(permissive, { maxEffectiveChanges: cap });
          const found = evaluateChangeSet(
            store.state,
            changeSet,
            rules,
            permissionsOf(reader.grants),
          );
          const outcome = previewByModel(store.model, reader, changeSet, cells);
          const expected = "result" in outcome ? outcome.result : undefined;
          expect(found.changes).toEqual(expected?.changes);
          expect(found.effectiveTotal).toBe(expected?.effectiveTotal);
          expect(found.effective).toHaveLength(Math.min(cap, found.effectiveTotal));
          const all = sorted(expected?.effective ?? []);
          expect(missingFrom(all, sorted(found.effective))).toEqual([]);
        },
      ),
      { numRuns: 600 * effort },
    );
    cells.expectAtLeast(6_000);
  });

  it("does not depend on entries of which the reader sees nothing anywhere", () => {
    let altered = 0;
    fc.assert(
      fc.property(
        arbitraryHistory,
        partReader,
        nextOperations,
        fc.array(fc.constantFrom("keep", "remove", "put", "put deep"), {
          minLength: 20,
          maxLength: 20,
          size: "max",
        }),
        (history, reader, sketches, draws) => {
          const store = storeOf(history);
          const changeSet = changeSetFor(store, reader, sketches);
          const other = structuredClone(store.state);
          for (const [index, name] of names.entries()) {
            if (reachOf(name).some((applied) => reader.sees(applied))) continue;
            const draw = draws[index % draws.length]!;
            if (draw === "keep") continue;
            altered += 1;
            addEntry(other, {
              ...name,
              id: `other ${index}`,
              version: 9,
              revision: 9,
              deleted: draw === "remove",
              value: { altered: index },
              schema: undefined,
              description: undefined,
              merge: draw === "put" ? "replace" : "deep",
            });
          }
          const [one, two] = [store.state, other].map((state) =>
            previewFor(state, changeSet, permissionsOf(reader.grants)),
          );
          expect(two).toEqual(one);
        },
      ),
      { numRuns: 300 * effort },
    );
    expect(altered).toBeGreaterThan(2_000);
  });
});

describe("a rule that a change set breaks", () => {
  it("is told with the value where that may be read, else just that it breaks, once", () => {
    const cells = countCells();
    fc.assert(
      fc.property(arbitraryHistory, partReader, nextOperations, (history, reader, sketches) => {
        const store = storeOf(history);
        const changeSet = changeSetFor(store, reader, sketches);
        const outcome = judgeByModel(store.model, changeSet);
        const versions = "versions" in outcome ? outcome.versions : [];
        const live = liveAfter(liveAt(store.model), versions);
        const broken = versions.flatMap(reachOf).flatMap((name) => {
          const value = naiveResolve(chainAt(live, name))?.value;
          return value === undefined || !isRefused(value)
            ? []
            : [{ name, value: canonical(value) }];
        });
        const visible = cells.keep(broken, ({ name }) => reader.sees(name));
        const errors = errorsOf(() =>
          evaluateChangeSet(
            store.state,
            changeSet,
            rulesOf(refusing),
            permissionsOf(reader.grants),
          ),
        );
        expect(errors.length === 0).toBe(broken.length === 0);
        const told = errors.flatMap(({ message }) => message.split(/refuses /)[1] ?? []);
        const may = new Set(visible.map(({ value }) => value));
        expect(told.filter((value) => !may.has(value))).toEqual([]);
        const silent = errors.filter((error) => !isTold(error));
        expect(silent.length > 0 && visible.length === broken.length).toBe(false);
        const paths = silent.map(({ path }) => path);
        expect(paths).toEqual([...new Set(paths)]);
        // Of what breaks visibly too, nothing is said of the rest.
        const seen = new Set(
          errors.filter(isTold).map(({ path }) => /operations\.\d+/.exec(path)?.[0]),
        );
        expect(paths.filter((path) => seen.has(path))).toEqual([]);
        // At most 20 errors are told.
        const untold = [...may].filter((value) => !told.includes(value));
        expect(errors.length < 20 ? untold : []).toEqual([]);
      }),
      { numRuns: 400 * effort },
    );
    cells.expectAtLeast(1_500);
  });
});

describe("a layer that would be too large", () => {
  it("has its keys counted only for who sees every one", () => {
    const { state } = storeOf([]);
    const name = { kind: "config", app: "pay", environment: "production" };
    const layer = { ...name, headRevision: 1, entryCount: 1_000 };
    state.layers.set(layerId(name.kind, name.app, name.environment), layer);
    const changeSet = changeSetOf(put("a", 1, name));
    const textFor = (...grants: Grant[]): string =>
      errorsOf(() =>
        evaluateChangeSet(state, changeSet, rulesOf(permissive), permissionsOf(grants)),
      )
        .map(({ message }) => message)
        .join();
    const all: Grant = { role: "editor", effect: "allow" };
    expect(textFor(all)).toContain("1001 keys");
    expect(textFor({ ...all, app: "pay" })).toContain("1001 keys");
    expect(textFor(all, { ...all, effect: "deny", app: "search" })).toContain("1001 keys");
    expect(textFor({ ...all, keys: ["a*"] })).toContain("too many keys");
    const secrets: Grant = { ...all, effect: "deny", app: "pay", keys: ["secret.*"] };
    expect(textFor(all, secrets)).toContain("too many keys");
  });
});
