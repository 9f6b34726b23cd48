import type { Complaints } from "./complaints.ts";
import { type SchemaDocument, type SchemaNode, schemaPath } from "./schema-node.ts";

/** Keywords whose schemas apply to the very value that the schema around them applies to. */
const inPlace = new Set([
  "not",
  "if",
  "then",
  "else",
  "allOf",
  "anyOf",
  "oneOf",
  "dependentSchemas",
]);

const keywordOf = (node: SchemaNode): string => node.step.split("/", 1)[0] ?? "";

/**
 * Complains of subschemas that lead back to themselves without going into the value, such as
 * `{ "$ref": "#" }`: checking any value against them would never end. What only `$dynamicRef`
 * leads to is known when a value is checked; there the limit on depth ends it.
 *
 * @param references - where the `$ref` of a node points to
 */
export const refuseEndlessReferences = (
  document: SchemaDocument,
  references: ReadonlyMap<SchemaNode, readonly SchemaNode[]>,
  complaints: Complaints,
): void => {
  const next = (node: SchemaNode): SchemaNode[] => {
    const inside = [...node.children.values()].filter((child) => inPlace.has(keywordOf(child)));
    return [...inside, ...(references.get(node) ?? [])];
  };
  const finished = new Set<SchemaNode>();
  // A stack of our own: a chain of thousands of references must not exhaust the real one.
  for (const start of document.nodes) {
    const path: { node: SchemaNode; rest: SchemaNode[] }[] = [];
    const open = new Set<SchemaNode>();
    const enter = (node: SchemaNode): void => {
      open.add(node);
      path.push({ node, rest: next(node) });
    };
    if (!finished.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = top.rest.pop();
      if (child === undefined) {
        finished.add(top.node);
        open.delete(top.node);
        path.pop();
      } else if (open.has(child)) {
        complaints.add(
          schemaPath(top.node),
          "leads back to itself without going into the value, so checking a value would never end",
        );
      } else if (!finished.has(child)) {
        enter(child);
      }
    }
  }
};
