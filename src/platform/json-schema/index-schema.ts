import { isJsonObject, type Json } from "../json.ts";
import type { Complaints } from "./complaints.ts";
import { clip } from "./describe.ts";
import { plainShapes, schemaShapes } from "./keyword-shapes.ts";
import { MAX_REFERENCE_LENGTH } from "./limits.ts";
import {
  createNode,
  type Resource,
  type SchemaDocument,
  type SchemaNode,
  schemaPath,
} from "./schema-node.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
/** Stands for the address that a schema without `$id` does not have. */
const NO_BASE = "schema:///";

const createResource = (baseUri: string): Resource => ({
  baseUri,
  anchors: new Map(),
  dynamicAnchors: new Map(),
});

interface Walk {
  readonly complaints: Complaints;
  readonly nodes: SchemaNode[];
  readonly roots: Map<string, SchemaNode>;
}

/** Gives a subschema with `$id` a resource of its own. */
const enterId = (node: SchemaNode, id: string, walk: Walk): void => {
  const complain = (message: string): void => walk.complaints.add(schemaPath(node, "$id"), message);
  if (id.length > MAX_REFERENCE_LENGTH) {
    return complain(`must have at most ${MAX_REFERENCE_LENGTH} characters`);
  }
  const uri = URL.parse(id, node.resource.baseUri);
  if (uri === null) return complain("must be a URI reference");
  if (uri.hash !== "") return complain("must not have a fragment");
  const baseUri = uri.href.replace(/#$/, "");
  if (walk.roots.has(baseUri)) return complain("names a schema that exists already");
  node.resource = createResource(baseUri);
  walk.roots.set(baseUri, node);
};

const enterAnchor = (node: SchemaNode, keyword: "$anchor" | "$dynamicAnchor", walk: Walk): void => {
  const name = isJsonObject(node.schema) ? node.schema[keyword] : undefined;
  if (typeof name !== "string") return;
  const { anchors, dynamicAnchors } = node.resource;
  if (anchors.has(name) && anchors.get(name) !== node) {
    walk.complaints.add(schemaPath(node, keyword), "is a name that another schema has already");
  }
  anchors.set(name, node);
  if (keyword === "$dynamicAnchor") dynamicAnchors.set(name, node);
};

const checkDialect = (node: SchemaNode, dialect: string, walk: Walk): void => {
  if (dialect === DIALECT || dialect === `${DIALECT}#`) return;
  walk.complaints.add(
    schemaPath(node, "$schema"),
    `must be ${DIALECT}, the one dialect that is supported, not ${clip(dialect, 100)}`,
  );
};

const childrenOf = (value: Json, keyword: string): [string, Json][] | string => {
  const shape = schemaShapes.get(keyword);
  if (shape === "one" && keyword === "items" && Array.isArray(value)) {
    return "must be one schema; schemas for the first items go into prefixItems";
  }
  if (shape === "one") return [[keyword, value]];
  if (shape === "list") {
    if (!Array.isArray(value) || value.length === 0) return "must be an array of schemas";
    return value.map((schema, index) => [`${keyword}/${index}`, schema]);
  }
  if (!isJsonObject(value)) return "must be an object of schemas";
  return Object.entries(value).map(([name, schema]) => [`${keyword}/${name}`, schema]);
};

const walkKeyword = (node: SchemaNode, keyword: string, value: Json, walk: Walk): void => {
  const wrong = plainShapes.get(keyword)?.(value);
  if (wrong !== undefined) return walk.complaints.add(schemaPath(node, keyword), wrong);
  if (!schemaShapes.has(keyword)) return;
  const children = childrenOf(value, keyword);
  if (typeof children === "string") {
    return walk.complaints.add(schemaPath(node, keyword), children);
  }
  for (const [step, schema] of children) walkSchema(schema, step, node, node.resource, walk);
};

const walkSchema = (
  schema: Json,
  step: string,
  parent: SchemaNode | undefined,
  resource: Resource,
  walk: Walk,
): SchemaNode => {
  const isSchema = typeof schema === "boolean" || isJsonObject(schema);
  const node = createNode(isSchema ? schema : {}, step, parent, resource);
  walk.nodes.push(node);
  parent?.children.set(step, node);
  if (!isSchema)
    walk.complaints.add(schemaPath(node), "must be a schema: an object, true or false");
  if (!isSchema || typeof schema === "boolean") return node;
  // These first: what stands beside `$id` belongs to the new resource already.
  if (typeof schema.$id === "string") enterId(node, schema.$id, walk);
  if (typeof schema.$schema === "string") checkDialect(node, schema.$schema, walk);
  enterAnchor(node, "$anchor", walk);
  enterAnchor(node, "$dynamicAnchor", walk);
  for (const [keyword, value] of Object.entries(schema)) walkKeyword(node, keyword, value, walk);
  return node;
};

/**
 * Finds every subschema of a document, with its base URI and its anchors, and complains of
 * keywords that do not have the shape that they must have. Recursion is bounded by the depth of
 * the schema, which `writeCanonicalJson` limits.
 */
export const indexSchema = (schema: Json, complaints: Complaints): SchemaDocument => {
  const walk: Walk = { complaints, nodes: [], roots: new Map() };
  const root = walkSchema(schema, "", undefined, createResource(NO_BASE), walk);
  if (root.resource.baseUri === NO_BASE) walk.roots.set(NO_BASE, root);
  return { root, nodes: walk.nodes, roots: walk.roots };
};
