import * as fc from "fast-check";
import type { ChangeSet, Operation } from "../../../src/changes/change-set.ts";
import type { EntryName } from "../../../src/changes/state.ts";
import type { Json } from "../../../src/platform/json.ts";
import { arbitraryJson } from "../arbitrary-json.ts";
import { idOf, liveAt, type StoreModel } from "../store-model/model.ts";

/** Names that are beginnings and ends of each other. Nobody owns anything in the app `idle`. */
export const storeNames = {
  kinds: ["config", "memo"],
  apps: ["pay", "payments", "search", "idle"],
  environments: ["development", "staging", "production"],
  keys: [
    "a",
    "aab",
    "db",
    "db.host",
    "db.host.port",
    "db.pool.size",
    "db.pool.max",
    "dbx.host",
    "feature.a",
    "feature.b",
    "feature.beta.a",
    "feature.beta.b",
    "limits",
    "limits.rate",
    "limits.rate.burst",
    "secret.token",
    "secret.tls.cert",
    "secret.tls.key",
    "ui.a",
    "ui.b",
  ],
} as const;

/** An operation that gets its entry once it is known what is there. */
export interface SketchedOperation {
  readonly op: "put" | "change" | "delete";
  readonly name: EntryName;
  /** Which live entry is changed or deleted. */
  readonly which: number;
  readonly value: Json;
  readonly merge: "replace" | "deep" | undefined;
  readonly description: string | undefined;
}

const name = (keys: readonly string[]): fc.Arbitrary<EntryName> =>
  fc.record({
    kind: fc.constantFrom("config", "config", "memo"),
    app: fc.constantFrom("", "", ...storeNames.apps.filter((app) => app !== "idle")),
    environment: fc.constantFrom("", "", ...storeNames.environments),
    key: fc.constantFrom(...keys),
  });

const operation = (
  keys: readonly string[],
  ops: readonly SketchedOperation["op"][],
): fc.Arbitrary<SketchedOperation> =>
  fc.record({
    op: fc.constantFrom(...ops),
    name: name(keys),
    which: fc.nat(),
    // Null is no value. Numbers that are seldom equal show whose value came through.
    value: fc.oneof(
      arbitraryJson.filter((value) => value !== null),
      fc.nat(),
      fc.dictionary(fc.constantFrom("a", "b", "c"), fc.nat(), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
    ),
    merge: fc.constantFrom(undefined, undefined, "replace" as const, "deep" as const),
    description: fc.constantFrom(undefined, undefined, undefined, "why"),
  });

/** Some more operations, for a store of `arbitraryStore`. */
export const arbitraryOperations = (
  maxLength: number,
  keys: readonly string[] = storeNames.keys,
): fc.Arbitrary<SketchedOperation[]> =>
  fc.array(operation(keys, ["put", "change", "change", "delete"]), {
    minLength: 1,
    maxLength,
    size: "max",
  });

/** The change sets of a store: all four sorts of layers, some of what is put deleted again. */
export const arbitraryStore: fc.Arbitrary<SketchedOperation[][]> = fc
  .tuple(
    fc.array(operation(storeNames.keys, ["put"]), { minLength: 150, maxLength: 200, size: "max" }),
    fc.array(arbitraryOperations(6), { minLength: 8, maxLength: 10, size: "max" }),
  )
  .map(([first, more]) => [first, ...more]);

/** Every entry that there could be. */
export const everyName = (keys: readonly string[] = storeNames.keys): EntryName[] =>
  storeNames.kinds.flatMap((kind) =>
    ["", ...storeNames.apps].flatMap((app) =>
      ["", ...storeNames.environments].flatMap((environment) =>
        keys.map((key) => ({ kind, app, environment, key })),
      ),
    ),
  );

/**
 * A change set with one operation for an entry; what is to be changed or deleted is there. Where
 * targets are given, it touches nothing else.
 */
export const changeSetFrom = (
  model: StoreModel,
  sketches: readonly SketchedOperation[],
  targets?: readonly EntryName[],
): ChangeSet => {
  const ids = new Set(targets?.map(idOf));
  const live = liveAt(model).filter((entry) => targets === undefined || ids.has(idOf(entry)));
  const operations = new Map<string, Operation>();
  for (const { description, merge, name: drawn, op, value, which } of sketches) {
    const found = op === "put" ? undefined : live[which % Math.max(1, live.length)];
    const target = targets === undefined ? drawn : targets[which % Math.max(1, targets.length)];
    const next = found ?? target;
    if (next === undefined || operations.has(idOf(next))) continue;
    const { app, environment, key, kind } = next;
    const named = { kind, app, environment, key };
    operations.set(
      idOf(named),
      op === "delete" && found !== undefined
        ? { op, ...named }
        : { op: "put", ...named, value, merge, description },
    );
  }
  return { message: "", operations: [...operations.values()], allowLargeChange: true };
};
