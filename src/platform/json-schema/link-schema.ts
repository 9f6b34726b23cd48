import { isJsonObject } from "../json.ts";
import type { DynamicReference, Links } from "./build-checks.ts";
import { compilePattern, type Pattern } from "./compile-pattern.ts";
import type { Complaints } from "./complaints.ts";
import { MAX_SCHEMA_PATTERN_SIZE } from "./limits.ts";
import { resolveReference } from "./resolve-reference.ts";
import { type SchemaDocument, type SchemaNode, schemaPath } from "./schema-node.ts";

interface Linking {
  readonly document: SchemaDocument;
  readonly complaints: Complaints;
  readonly references: Map<SchemaNode, SchemaNode[]>;
  readonly dynamicReferences: Map<SchemaNode, DynamicReference>;
  readonly patterns: Map<string, Pattern>;
  patternSize: number;
}

const linkReference = (
  node: SchemaNode,
  keyword: "$ref" | "$dynamicRef",
  linking: Linking,
): void => {
  if (!isJsonObject(node.schema)) return;
  const reference = node.schema[keyword];
  if (typeof reference !== "string") return;
  const resolved = resolveReference(linking.document, node, reference);
  if (typeof resolved === "string") {
    linking.complaints.add(schemaPath(node, keyword), resolved);
    return;
  }
  const { target, anchor } = resolved;
  // Without a dynamic anchor at its target, a `$dynamicRef` is a `$ref`.
  const isDynamic =
    keyword === "$dynamicRef" &&
    anchor !== undefined &&
    target.resource.dynamicAnchors.get(anchor) === target;
  if (isDynamic) linking.dynamicReferences.set(node, { target, anchor });
  else linking.references.set(node, [...(linking.references.get(node) ?? []), target]);
};

const linkPattern = (source: string, path: () => string, linking: Linking): void => {
  if (linking.patterns.has(source) || linking.patternSize > MAX_SCHEMA_PATTERN_SIZE) return;
  const pattern = compilePattern(source);
  if (typeof pattern === "string") {
    linking.complaints.add(path(), pattern);
    return;
  }
  linking.patterns.set(source, pattern);
  linking.patternSize += pattern.compiling;
  if (linking.patternSize > MAX_SCHEMA_PATTERN_SIZE) {
    linking.complaints.add(path(), "is one pattern too many: together they are too complex");
  }
};

/** Resolves the references of a document and compiles its patterns. Complains of what fails. */
export const linkSchema = (
  document: SchemaDocument,
  complaints: Complaints,
): Links & { readonly patternSize: number } => {
  const linking: Linking = {
    document,
    complaints,
    references: new Map(),
    dynamicReferences: new Map(),
    patterns: new Map(),
    patternSize: 0,
  };
  for (const node of document.nodes) {
    linkReference(node, "$ref", linking);
    linkReference(node, "$dynamicRef", linking);
    const { schema } = node;
    if (!isJsonObject(schema)) continue;
    if (typeof schema.pattern === "string") {
      linkPattern(schema.pattern, () => schemaPath(node, "pattern"), linking);
    }
    if (!isJsonObject(schema.patternProperties)) continue;
    for (const source of Object.keys(schema.patternProperties)) {
      linkPattern(source, () => schemaPath(node, `patternProperties.${source}`), linking);
    }
  }
  return linking;
};
