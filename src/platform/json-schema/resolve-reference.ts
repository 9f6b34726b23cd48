import { clip } from "./describe.ts";
import { schemaShapes } from "./keyword-shapes.ts";
import { MAX_REFERENCE_LENGTH } from "./limits.ts";
import type { SchemaDocument, SchemaNode } from "./schema-node.ts";

/** A reference that leads to a subschema of the same document. */
interface Resolved {
  readonly target: SchemaNode;
  /** The anchor that it names, if it names one. */
  readonly anchor: string | undefined;
}

const decode = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
};

/** Follows a JSON Pointer from schema to schema; what lies in other keywords is no schema. */
const followPointer = (root: SchemaNode, pointer: string): SchemaNode | undefined => {
  const tokens = pointer
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  let node: SchemaNode | undefined = root;
  for (let index = 0; index < tokens.length && node !== undefined; index += 1) {
    const keyword: string = tokens[index] ?? "";
    if (schemaShapes.get(keyword) === "one") {
      node = node.children.get(keyword);
    } else {
      index += 1;
      node = node.children.get(`${keyword}/${tokens[index] ?? ""}`);
    }
  }
  return node;
};

const findRoot = (
  document: SchemaDocument,
  node: SchemaNode,
  uri: string,
): SchemaNode | undefined => {
  const { baseUri } = node.resource;
  if (uri === "") return document.roots.get(baseUri);
  const absolute = URL.parse(uri, baseUri);
  return absolute === null ? undefined : document.roots.get(absolute.href);
};

/**
 * Finds what a `$ref` or `$dynamicRef` of a node points to, within the document and nowhere else.
 *
 * @returns the target, or a sentence that says why there is none
 */
export const resolveReference = (
  document: SchemaDocument,
  node: SchemaNode,
  reference: string,
): Resolved | string => {
  const shown = clip(reference, 200);
  if (reference.length > MAX_REFERENCE_LENGTH) {
    return `must have at most ${MAX_REFERENCE_LENGTH} characters`;
  }
  const hash = reference.indexOf("#");
  const root = findRoot(document, node, hash === -1 ? reference : reference.slice(0, hash));
  if (root === undefined) {
    return `"${shown}" is not part of this schema, and other documents are never read: put it into $defs`;
  }
  const fragment = hash === -1 ? "" : decode(reference.slice(hash + 1));
  if (fragment === "") return { target: root, anchor: undefined };
  const isPointer = fragment?.startsWith("/") ?? false;
  const target =
    fragment === undefined
      ? undefined
      : isPointer
        ? followPointer(root, fragment)
        : root.resource.anchors.get(fragment);
  if (target === undefined) return `"${shown}" points to no schema in this document`;
  return { target, anchor: isPointer ? undefined : fragment };
};
