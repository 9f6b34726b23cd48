import type { Json, JsonObject } from "../json.ts";
import { clip } from "./describe.ts";
import type { Run } from "./run.ts";
import type { Seen } from "./seen.ts";

/** One keyword, ready to run. Says whether the value passes, and reports to the run why not. */
export type Check = (value: Json, run: Run, seen: Seen | undefined) => boolean;

/** A part of the document with a base URI of its own: its root, and every subschema with `$id`. */
export interface Resource {
  readonly baseUri: string;
  readonly anchors: Map<string, SchemaNode>;
  readonly dynamicAnchors: Map<string, SchemaNode>;
}

/** One subschema. Its checks are filled in once all nodes are known, since references make cycles. */
export interface SchemaNode {
  readonly schema: boolean | JsonObject;
  readonly parent: SchemaNode | undefined;
  /** The way from the parent: `items`, `properties/port`. Empty for the root. */
  readonly step: string;
  readonly children: Map<string, SchemaNode>;
  resource: Resource;
  checks: readonly Check[];
  /** `unevaluatedItems` and `unevaluatedProperties`: they run last and only if all else passed. */
  lastChecks: readonly Check[];
}

export interface SchemaDocument {
  readonly root: SchemaNode;
  readonly nodes: readonly SchemaNode[];
  /** The root of every resource, by its base URI. */
  readonly roots: ReadonlyMap<string, SchemaNode>;
}

export const createNode = (
  schema: boolean | JsonObject,
  step: string,
  parent: SchemaNode | undefined,
  resource: Resource,
): SchemaNode => ({
  schema,
  parent,
  step,
  children: new Map(),
  resource,
  checks: [],
  lastChecks: [],
});

const MAX_NAME_LENGTH = 100;

/** Where a node, or a keyword of it, stands in the document: `properties.port.minimum`. */
export const schemaPath = (node: SchemaNode, keyword = ""): string => {
  const steps = keyword === "" ? [] : [keyword];
  let current: SchemaNode | undefined = node;
  while (current?.parent !== undefined) {
    const slash = current.step.indexOf("/");
    steps.unshift(
      ...(slash === -1
        ? [current.step]
        : [current.step.slice(0, slash), current.step.slice(slash + 1)]),
    );
    current = current.parent;
  }
  return steps.map((step) => clip(step, MAX_NAME_LENGTH)).join(".");
};
