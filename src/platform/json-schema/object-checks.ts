import { isJsonObject, type Json, type JsonObject } from "../json.ts";
import type { Pattern } from "./compile-pattern.ts";
import { quote } from "./describe.ts";
import { evaluate, evaluateAt, firstObjection } from "./evaluate.ts";
import { isStringList } from "./keyword-shapes.ts";
import { matchesPattern } from "./match-pattern.ts";
import { fail, isSettled, type Run, spend } from "./run.ts";
import type { Check, SchemaNode } from "./schema-node.ts";

/** A keyword's schemas by name, from the children of a node. */
const childrenByName = (node: SchemaNode, keyword: string): Map<string, SchemaNode> =>
  new Map(
    [...node.children]
      .filter(([step]) => step.startsWith(`${keyword}/`))
      .map(([step, child]) => [step.slice(keyword.length + 1), child]),
  );

const failAt = (run: Run, name: string, message: string): false => {
  run.path.push(name);
  fail(run, message);
  run.path.pop();
  return false;
};

/** Runs `visit` on the members of an object until the matter is settled. */
const everyMember = (
  value: JsonObject,
  run: Run,
  visit: (member: Json, name: string) => boolean,
): boolean => {
  let valid = true;
  const names = Object.keys(value);
  // All at once, since finding the names has cost as much already.
  spend(run, names.length);
  for (const name of names) {
    spend(run, name.length >>> 6);
    if (!visit(value[name] ?? null, name)) {
      valid = false;
      if (isSettled(run)) break;
    }
  }
  return valid;
};

const requireAll = (
  value: JsonObject,
  names: readonly string[],
  run: Run,
  why: string,
): boolean => {
  spend(run, names.length);
  let valid = true;
  for (const name of names) {
    if (!Object.hasOwn(value, name)) valid = failAt(run, name, `is required${why}`);
  }
  return valid;
};

const checkRequired =
  (names: readonly string[]): Check =>
  (value, run) =>
    !isJsonObject(value) || requireAll(value, names, run, "");

const checkDependentRequired = (dependencies: JsonObject): Check => {
  const rules = Object.entries(dependencies).flatMap(([name, names]) =>
    isStringList(names) ? [{ name, names, why: ` when ${quote(name)} is present` }] : [],
  );
  return (value, run) => {
    if (!isJsonObject(value)) return true;
    let valid = true;
    for (const { name, names, why } of rules) {
      spend(run, 1);
      if (Object.hasOwn(value, name) && !requireAll(value, names, run, why)) valid = false;
    }
    return valid;
  };
};

const checkDependentSchemas =
  (schemas: ReadonlyMap<string, SchemaNode>): Check =>
  (value, run, seen) => {
    if (!isJsonObject(value)) return true;
    let valid = true;
    for (const [name, node] of schemas) {
      spend(run, 1);
      if (!Object.hasOwn(value, name) || evaluate(node, value, run, seen)) continue;
      valid = false;
      if (isSettled(run)) break;
    }
    return valid;
  };

const checkPropertyNames =
  (node: SchemaNode): Check =>
  (value, run) => {
    if (!isJsonObject(value)) return true;
    return everyMember(value, run, (_member, name) => {
      const objection = firstObjection(node, name, run);
      if (objection === undefined) return true;
      return failAt(run, name, `has a name that is not allowed${objection && `: it ${objection}`}`);
    });
  };

interface MemberSchemas {
  readonly byName: ReadonlyMap<string, SchemaNode>;
  readonly byPattern: readonly (readonly [Pattern, SchemaNode])[];
  readonly others: SchemaNode | undefined;
}

/** `properties`, `patternProperties` and `additionalProperties`, in one pass over the members. */
const checkMembers =
  ({ byName, byPattern, others }: MemberSchemas): Check =>
  (value, run, seen) => {
    if (!isJsonObject(value)) return true;
    if (seen !== undefined && others !== undefined) seen.all = true;
    return everyMember(value, run, (member, name) => {
      const named = byName.get(name);
      let known = named !== undefined;
      let valid = named === undefined || evaluateAt(named, member, name, run);
      for (const [pattern, node] of byPattern) {
        if (!matchesPattern(pattern, name, run)) continue;
        known = true;
        if (!evaluateAt(node, member, name, run)) valid = false;
      }
      if (known) seen?.names.add(name);
      else if (others !== undefined) valid = evaluateAt(others, member, name, run);
      return valid;
    });
  };

/** Checks for the keywords that look into objects. `patterns` are those of `patternProperties`. */
export const objectChecks = (
  node: SchemaNode,
  schema: JsonObject,
  patterns: ReadonlyMap<string, Pattern>,
): Check[] => {
  const checks: Check[] = [];
  if (isStringList(schema.required)) checks.push(checkRequired(schema.required));
  if (isJsonObject(schema.dependentRequired)) {
    checks.push(checkDependentRequired(schema.dependentRequired));
  }
  const names = node.children.get("propertyNames");
  if (names !== undefined) checks.push(checkPropertyNames(names));
  const byName = childrenByName(node, "properties");
  const byPattern = [...childrenByName(node, "patternProperties")].flatMap(([source, child]) => {
    const pattern = patterns.get(source);
    return pattern === undefined ? [] : [[pattern, child] as const];
  });
  const others = node.children.get("additionalProperties");
  if (byName.size > 0 || byPattern.length > 0 || others !== undefined) {
    checks.push(checkMembers({ byName, byPattern, others }));
  }
  const dependent = childrenByName(node, "dependentSchemas");
  if (dependent.size > 0) checks.push(checkDependentSchemas(dependent));
  return checks;
};

/** `unevaluatedProperties`: the members that no other keyword has looked at. */
export const unevaluatedPropertiesCheck =
  (node: SchemaNode): Check =>
  (value, run, seen) => {
    if (!isJsonObject(value) || seen === undefined || seen.all) return true;
    const valid = everyMember(
      value,
      run,
      (member, name) => seen.names.has(name) || evaluateAt(node, member, name, run),
    );
    seen.all = true;
    return valid;
  };
