import type { Json, JsonObject } from "../json.ts";
import { count } from "./describe.ts";
import { identityOf } from "./equal-json.ts";
import { evaluateAt, passes } from "./evaluate.ts";
import { fail, isSettled, type Run, spend, spendText } from "./run.ts";
import type { Check, SchemaNode } from "./schema-node.ts";
import type { Seen } from "./seen.ts";

/** Runs `visit` on some items of an array until the matter is settled. */
const everyItem = (
  items: readonly Json[],
  [from, to]: readonly [number, number],
  run: Run,
  visit: (item: Json, index: number) => boolean,
): boolean => {
  let valid = true;
  for (let index = from; index < to; index += 1) {
    spend(run, 1);
    if (!visit(items[index] ?? null, index)) {
      valid = false;
      if (isSettled(run)) break;
    }
  }
  return valid;
};

/** `prefixItems` and `items`, in one pass. */
const checkItems =
  (first: readonly SchemaNode[], rest: SchemaNode | undefined): Check =>
  (value, run, seen) => {
    if (!Array.isArray(value)) return true;
    if (seen !== undefined) {
      seen.upTo = Math.max(seen.upTo, first.length);
      if (rest !== undefined) seen.all = true;
    }
    const to = rest === undefined ? Math.min(first.length, value.length) : value.length;
    return everyItem(value, [0, to], run, (item, index) => {
      const node = first[index] ?? rest;
      return node === undefined || evaluateAt(node, item, String(index), run);
    });
  };

/** Counts the items that pass, and no further than needed if nobody asks which they were. */
const countPassing = (
  items: readonly Json[],
  node: SchemaNode,
  enough: number,
  run: Run,
  seen: Seen | undefined,
): number => {
  let passing = 0;
  everyItem(items, [0, items.length], run, (item, index) => {
    if (seen === undefined && passing >= enough) return true;
    if (passes(node, item, run)) {
      passing += 1;
      seen?.indexes.add(index);
    }
    return true;
  });
  return passing;
};

const checkContains = (node: SchemaNode, schema: JsonObject): Check => {
  const min = Number(schema.minContains ?? 1);
  const max = Number(schema.maxContains ?? Number.POSITIVE_INFINITY);
  const enough = max === Number.POSITIVE_INFINITY ? min : max + 1;
  return (value, run, seen) => {
    if (!Array.isArray(value)) return true;
    const passing = countPassing(value, node, enough, run, seen);
    if (passing < min) {
      return fail(
        run,
        `must hold at least ${count(min, "item")} that the schema in contains accepts`,
      );
    }
    return (
      passing <= max ||
      fail(run, `must hold at most ${count(max, "item")} that the schema in contains accepts`)
    );
  };
};

/** Remembers what it has met instead of comparing each item with each: linear in the array. */
const checkUnique: Check = (value, run) => {
  if (!Array.isArray(value)) return true;
  const simple = new Map<Json, number>();
  const composite = new Map<string, number>();
  return everyItem(value, [0, value.length], run, (item, index) => {
    if (typeof item === "string") spendText(run, item);
    const isSimple = typeof item !== "object" || item === null;
    const identity = isSimple ? "" : identityOf(item, run);
    const earlier = isSimple ? simple.get(item) : composite.get(identity);
    if (isSimple) simple.set(item, index);
    else composite.set(identity, index);
    return (
      earlier === undefined ||
      fail(run, `must not hold equal items, but items ${earlier} and ${index} are equal`)
    );
  });
};

/** Checks for the keywords that look into arrays. */
export const arrayChecks = (node: SchemaNode, schema: JsonObject): Check[] => {
  const checks: Check[] = [];
  if (schema.uniqueItems === true) checks.push(checkUnique);
  const first = [...node.children].flatMap(([step, child]) =>
    step.startsWith("prefixItems/") ? [child] : [],
  );
  const rest = node.children.get("items");
  if (first.length > 0 || rest !== undefined) checks.push(checkItems(first, rest));
  const contains = node.children.get("contains");
  if (contains !== undefined) checks.push(checkContains(contains, schema));
  return checks;
};

/** `unevaluatedItems`: the items that no other keyword has looked at. */
export const unevaluatedItemsCheck =
  (node: SchemaNode): Check =>
  (value, run, seen) => {
    if (!Array.isArray(value) || seen === undefined || seen.all) return true;
    const valid = everyItem(
      value,
      [seen.upTo, value.length],
      run,
      (item, index) => seen.indexes.has(index) || evaluateAt(node, item, String(index), run),
    );
    seen.all = true;
    return valid;
  };
