import { isJsonObject, type JsonObject } from "../json.ts";
import { arrayChecks, unevaluatedItemsCheck } from "./array-checks.ts";
import { combiningChecks } from "./combining-checks.ts";
import type { Pattern } from "./compile-pattern.ts";
import { evaluate } from "./evaluate.ts";
import { objectChecks, unevaluatedPropertiesCheck } from "./object-checks.ts";
import { fail, spend } from "./run.ts";
import type { Check, SchemaNode } from "./schema-node.ts";
import { valueChecks } from "./value-checks.ts";

/** Where a node's `$dynamicRef` leads. */
export interface DynamicReference {
  /** Used unless a schema around has the same dynamic anchor. */
  readonly target: SchemaNode;
  readonly anchor: string;
}

/** What a document's nodes need to know of each other, and of their patterns. */
export interface Links {
  /** Targets of `$ref`, and of every `$dynamicRef` that behaves like one. */
  readonly references: ReadonlyMap<SchemaNode, readonly SchemaNode[]>;
  readonly dynamicReferences: ReadonlyMap<SchemaNode, DynamicReference>;
  readonly patterns: ReadonlyMap<string, Pattern>;
}

const rejectAll: Check = (_value, run) => fail(run, "is not allowed here");

const checkReference =
  (target: SchemaNode): Check =>
  (value, run, seen) =>
    evaluate(target, value, run, seen);

const checkDynamicReference =
  ({ target, anchor }: DynamicReference): Check =>
  (value, run, seen) => {
    const scope = run.scope ?? [];
    spend(run, scope.length);
    const outermost = scope.find((resource) => resource.dynamicAnchors.has(anchor));
    return evaluate(outermost?.dynamicAnchors.get(anchor) ?? target, value, run, seen);
  };

const referenceChecks = (node: SchemaNode, links: Links): Check[] => {
  const checks = (links.references.get(node) ?? []).map(checkReference);
  const dynamic = links.dynamicReferences.get(node);
  return dynamic === undefined ? checks : [...checks, checkDynamicReference(dynamic)];
};

const objectSchemaChecks = (node: SchemaNode, schema: JsonObject, links: Links): Check[] => [
  ...valueChecks(
    schema,
    typeof schema.pattern === "string" ? links.patterns.get(schema.pattern) : undefined,
  ),
  ...objectChecks(node, schema, links.patterns),
  ...arrayChecks(node, schema),
  ...referenceChecks(node, links),
  ...combiningChecks(node),
];

/** Fills in what a node checks. Its children and targets may be filled in later. */
export const buildChecks = (node: SchemaNode, links: Links): void => {
  if (!isJsonObject(node.schema)) {
    node.checks = node.schema ? [] : [rejectAll];
    return;
  }
  node.checks = objectSchemaChecks(node, node.schema, links);
  const items = node.children.get("unevaluatedItems");
  const properties = node.children.get("unevaluatedProperties");
  node.lastChecks = [
    ...(items === undefined ? [] : [unevaluatedItemsCheck(items)]),
    ...(properties === undefined ? [] : [unevaluatedPropertiesCheck(properties)]),
  ];
};
