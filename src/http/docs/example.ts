import { formatJson } from "./json-text.ts";
import {
  dereference,
  type MediaType,
  type OpenApiDocument,
  resolveSchema,
  type Schema,
} from "./openapi.ts";

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  email: "someone@example.org",
  uri: "https://example.org/",
  uuid: "0198f5c2-7d1e-7a44-9f0b-3c2d1e0f9a8b",
};

interface Search {
  readonly document: OpenApiDocument;
  /** Schemas that are being made an example of; a recursive one ends here. */
  readonly open: ReadonlySet<Schema>;
}

const givenIn = (schema: Schema): unknown =>
  schema.example ?? schema.examples?.[0] ?? schema.const ?? schema.default ?? schema.enum?.[0];

const exampleObject = (schema: Schema, search: Search): Record<string, unknown> => {
  const required = new Set(schema.required);
  const members = Object.entries(schema.properties ?? {})
    .filter(([name, member]) => required.has(name) || givenIn(member) !== undefined)
    .map(([name, member]) => [name, find(member, search)] as const)
    .filter(([, value]) => value !== undefined);
  return Object.fromEntries(members);
};

const exampleOfType = (type: string, schema: Schema, search: Search): unknown => {
  switch (type) {
    case "string":
      return formats[schema.format ?? ""] ?? "string";
    case "integer":
    case "number":
      return schema.minimum ?? schema.maximum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
    case "array": {
      const items = schema.prefixItems ?? (schema.items === undefined ? [] : [schema.items]);
      return items.map((item) => find(item, search)).filter((item) => item !== undefined);
    }
    case "object":
      return exampleObject(schema, search);
    default:
      return undefined;
  }
};

const find = (declared: Schema, search: Search): unknown => {
  const schema = resolveSchema(search.document, declared);
  if (schema === undefined || search.open.has(schema)) return undefined;
  const given = givenIn(schema);
  if (given !== undefined) return given;
  const inner = { ...search, open: new Set(search.open).add(schema) };
  const alternative = (schema.oneOf ?? schema.anyOf)?.[0];
  if (alternative !== undefined) return find(alternative, inner);
  const [type = schema.properties === undefined ? "" : "object"] = [schema.type].flat();
  const parts = [
    ...(schema.allOf ?? []).map((part) => find(part, inner)),
    exampleOfType(type, schema, inner),
  ].filter((part) => part !== undefined);
  const mergeable = parts.length > 1 && parts.every((part) => typeof part === "object");
  return mergeable ? Object.assign({}, ...parts) : parts[0];
};

/** A value that the schema gives as its example, or one made from its parts; undefined if neither. */
export const exampleOf = (document: OpenApiDocument, schema: Schema): unknown =>
  find(schema, { document, open: new Set() });

export interface BodyExample {
  readonly mediaType: string;
  /** What the document calls it; undefined for a lone or a made-up one. */
  readonly label: string | undefined;
  readonly text: string;
}

const textOf = (mediaType: string, value: unknown): string =>
  typeof value === "string" && !/\bjson\b/.test(mediaType) ? value : formatJson(value);

/** The examples of one media type as body texts: those declared, else one made from the schema. */
export const bodyExamples = (
  document: OpenApiDocument,
  mediaType: string,
  media: MediaType,
): BodyExample[] => {
  const named = Object.entries(media.examples ?? {}).flatMap(([name, declared]) => {
    const example = dereference(document.components?.examples, declared);
    if (example?.value === undefined) return [];
    return [{ mediaType, label: example.summary ?? name, text: textOf(mediaType, example.value) }];
  });
  if (named.length > 0) return named;
  const made = media.schema === undefined ? undefined : exampleOf(document, media.schema);
  const value: unknown = media.example === undefined ? made : media.example;
  return value === undefined
    ? []
    : [{ mediaType, label: undefined, text: textOf(mediaType, value) }];
};
