import { formatJson } from "./json-text.ts";
import { joinMarkup, type Markup, markup } from "./markup.ts";
import { type OpenApiDocument, type Schema, schemaAnchor, schemaNameOf } from "./openapi.ts";

/** A schema with what merely annotates it set apart, so that a described `$ref` is still a `$ref`. */
export interface Unwrapped {
  readonly structure: Schema;
  readonly nullable: boolean;
  readonly description: string | undefined;
  readonly deprecated: boolean;
}

const typesOf = (schema: Schema): readonly string[] =>
  schema.type === undefined ? [] : [schema.type].flat();

const structural = ["$ref", "items", "properties", "oneOf", "anyOf", "allOf", "enum", "const"];

const admitsNull = (schema: Schema): boolean => typesOf(schema).includes("null");
const isOnlyNull = (schema: Schema): boolean => schema.type === "null";
// `allOf: [{ $ref }, { description }]` and `allOf: [{ $ref }, { type: [object, null] }]` are how
// generators say "that one, described" and "that one, or null".
const isAnnotation = (schema: Schema): boolean =>
  structural.every((name) => !Object.hasOwn(schema, name)) &&
  (schema.type === undefined || admitsNull(schema));

const descriptionOf = (schemas: readonly Schema[]): string | undefined =>
  schemas.find((schema) => schema.description !== undefined)?.description;

/** Takes off the wrappers that only describe a schema, or add null to it. */
export const unwrap = (schema: Schema): Unwrapped => {
  const own = { description: schema.description, deprecated: schema.deprecated === true };
  const parts = schema.allOf ?? schema.oneOf ?? schema.anyOf ?? [];
  const asides = parts.filter(schema.allOf === undefined ? isOnlyNull : isAnnotation);
  const [inner, ...others] = parts.filter((part) => !asides.includes(part));
  if (inner === undefined || others.length > 0 || schema.properties !== undefined) {
    return { ...own, structure: schema, nullable: false };
  }
  const core = unwrap(inner);
  return {
    structure: core.structure,
    nullable: core.nullable || asides.some(admitsNull),
    description: descriptionOf([schema, ...asides]) ?? core.description,
    deprecated: own.deprecated || core.deprecated,
  };
};

const code = (value: unknown): Markup =>
  markup`<code>${typeof value === "string" ? value : formatJson(value)}</code>`;
const literal = (value: unknown): Markup => markup`<code>${formatJson(value)}</code>`;

const referenceLabel = (document: OpenApiDocument, reference: string): Markup => {
  const name = schemaNameOf(document, reference);
  return name === undefined
    ? code(reference)
    : markup`<a href="#${schemaAnchor(name)}">${name}</a>`;
};

const structureLabel = (document: OpenApiDocument, schema: Schema): Markup => {
  if (schema.$ref !== undefined) return referenceLabel(document, schema.$ref);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum?.length === 1) return literal(schema.enum[0]);
  const alternatives = schema.oneOf ?? schema.anyOf;
  const label = (part: Schema): Markup => typeLabel(document, part);
  if (alternatives !== undefined) return joinMarkup(distinct(alternatives.map(label)), " or ");
  if (schema.allOf !== undefined) return joinMarkup(distinct(schema.allOf.map(label)), " and ");
  const items = schema.items === undefined ? undefined : markup` of ${label(schema.items)}`;
  const types = typesOf(schema);
  if (types.length === 0) {
    return schema.properties === undefined ? markup`any JSON value` : markup`object`;
  }
  return joinMarkup(
    types.map((type) => (type === "array" ? markup`array${items}` : markup`${type}`)),
    " or ",
  );
};

const distinct = (labels: readonly Markup[]): Markup[] => [
  ...new Map(labels.map((label) => [label.toString(), label])).values(),
];

/** A schema's type in words: `integer`, `array of Entry`, `Entry or null`, with links to names. */
export const typeLabel = (document: OpenApiDocument, schema: Schema): Markup => {
  const { structure, nullable } = unwrap(schema);
  const label = structureLabel(document, structure);
  return nullable ? markup`${label} or null` : label;
};

const count = (value: number): string => value.toLocaleString("en-US");

const range = (least: number | undefined, most: number | undefined, unit: string): Markup[] => {
  const plural = (most ?? least) === 1 ? unit : `${unit}s`;
  if (least === undefined || least === 0) {
    return most === undefined ? [] : [markup`at most ${count(most)} ${plural}`];
  }
  if (most === undefined) return [markup`at least ${count(least)} ${plural}`];
  const lower = least === most ? "" : `${count(least)} to `;
  return [markup`${lower}${count(most)} ${plural}`];
};

// Zod writes the bounds of a safe integer on every integer; they tell a reader nothing.
const bound = (value: number | undefined): number | undefined =>
  value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? undefined : value;

const numberWords = (schema: Schema): Markup[] => {
  const [least, most] = [bound(schema.minimum), bound(schema.maximum)];
  const words: Markup[] = [];
  if (least !== undefined && most !== undefined) words.push(markup`${least} to ${most}`);
  else if (least !== undefined) words.push(markup`at least ${least}`);
  else if (most !== undefined) words.push(markup`at most ${most}`);
  if (bound(schema.exclusiveMinimum) !== undefined) {
    words.push(markup`more than ${schema.exclusiveMinimum}`);
  }
  if (bound(schema.exclusiveMaximum) !== undefined) {
    words.push(markup`less than ${schema.exclusiveMaximum}`);
  }
  if (schema.multipleOf !== undefined) words.push(markup`a multiple of ${schema.multipleOf}`);
  return words;
};

const stringWords = (schema: Schema): Markup[] => [
  ...(schema.format === undefined ? [] : [markup`format ${code(schema.format)}`]),
  ...range(schema.minLength, schema.maxLength, "character"),
  ...(schema.pattern === undefined ? [] : [markup`matches ${code(schema.pattern)}`]),
];

const collectionWords = (schema: Schema): Markup[] => [
  ...range(schema.minItems, schema.maxItems, "item"),
  ...(schema.uniqueItems === true ? [markup`no item twice`] : []),
  ...range(schema.minProperties, schema.maxProperties, "member"),
  ...(schema.additionalProperties === false ? [markup`no other members`] : []),
];

const itemWords = (schema: Schema): Markup[] => {
  const words = schema.items === undefined ? [] : constraintWords(schema.items);
  return words.length === 0 ? [] : [markup`each item: ${joinMarkup(words, ", ")}`];
};

const nameWords = (schema: Schema): Markup[] => {
  const words = schema.propertyNames === undefined ? [] : constraintWords(schema.propertyNames);
  return words.length === 0 ? [] : [markup`member names: ${joinMarkup(words, ", ")}`];
};

/** What a schema demands beyond its type, each demand in a few words. */
export const constraintWords = (declared: Schema): Markup[] => {
  const schema = unwrap(declared).structure;
  if (schema.$ref !== undefined) return [];
  const values = schema.enum ?? [];
  return [
    ...(values.length < 2 ? [] : [markup`one of ${joinMarkup(values.map(literal), ", ")}`]),
    ...stringWords(schema),
    ...numberWords(schema),
    ...collectionWords(schema),
    ...itemWords(schema),
    ...nameWords(schema),
    ...(schema.readOnly === true ? [markup`only in answers`] : []),
    ...(schema.writeOnly === true ? [markup`only in requests`] : []),
  ];
};

/** A value as it is shown in a table or a list: `"text"`, `100`, `{ "a": 1 }`. */
export const valueCode = literal;
