import { joinMarkup, type Markup, markup, renderInline, renderText } from "./markup.ts";
import { type OpenApiDocument, resolveSchema, type Schema } from "./openapi.ts";
import { constraintWords, typeLabel, unwrap, valueCode } from "./schema-words.ts";

const hasParts = (schema: Schema): boolean =>
  [schema.properties, schema.items, schema.prefixItems, schema.allOf].some(
    (part) => part !== undefined,
  ) || typeof schema.additionalProperties === "object";

// Alternatives that a label has said in full ("string or number") get no branch of their own.
const saysMoreThanLabel = (declared: Schema): boolean => {
  const schema = unwrap(declared).structure;
  return (
    declared.title !== undefined ||
    declared.description !== undefined ||
    (schema.oneOf ?? schema.anyOf) !== undefined ||
    constraintWords(declared).length > 0 ||
    hasParts(schema)
  );
};

const valueNotes = (schema: Schema): Markup[] => [
  ...(schema.default === undefined ? [] : [markup`default ${valueCode(schema.default)}`]),
  ...(schema.example === undefined ? [] : [markup`for example ${valueCode(schema.example)}`]),
];

/** Constraints, default and example of a schema: all but its type, its description and its parts. */
const renderDemands = (schema: Schema): Markup => {
  const { deprecated, structure } = unwrap(schema);
  const values = valueNotes(schema);
  const inner =
    values.length === 0 && structure.$ref === undefined ? valueNotes(structure) : values;
  const notes = [...constraintWords(schema), ...inner];
  return markup`${deprecated ? markup` <span class="mark">deprecated</span>` : undefined}${
    notes.length === 0 ? undefined : markup` <span class="notes">${joinMarkup(notes, "; ")}</span>`
  }`;
};

interface Row {
  readonly name: Markup;
  readonly schema: Schema;
  readonly required?: boolean;
}

const renderRow = (document: OpenApiDocument, { name, schema, required }: Row): Markup => {
  const { description } = unwrap(schema);
  return markup`<li>${name} <span class="type">${typeLabel(document, schema)}</span>${
    required === true ? markup` <span class="mark required">required</span>` : undefined
  }${renderDemands(schema)}${
    description === undefined
      ? undefined
      : markup`<div class="about">${renderInline(description)}</div>`
  }${renderParts(document, schema)}</li>`;
};

const memberRows = (schema: Schema): Row[] => {
  const required = new Set(schema.required);
  const rows: Row[] = Object.entries(schema.properties ?? {}).map(([name, member]) => ({
    name: markup`<code class="name">${name}</code>`,
    schema: member,
    required: required.has(name),
  }));
  const rest = schema.additionalProperties;
  if (typeof rest !== "object") return rows;
  const label = rows.length === 0 ? "any member" : "any other member";
  return [...rows, { name: markup`<span class="name other">${label}</span>`, schema: rest }];
};

const alternativeRows = (schema: Schema): Row[] => {
  const alternatives = schema.oneOf ?? schema.anyOf ?? [];
  if (!alternatives.some(saysMoreThanLabel)) return [];
  return alternatives.map((alternative, index) => ({
    name: markup`<span class="name other">${index === 0 ? "either" : "or"}${
      alternative.title === undefined ? undefined : markup` “${alternative.title}”`
    }</span>`,
    schema: alternative,
  }));
};

const itemRows = (schema: Schema): Row[] => [
  ...(schema.prefixItems ?? []).map((item, index) => ({
    name: markup`<span class="name other">item ${index + 1}</span>`,
    schema: item,
  })),
  // The label has said "array of object": the members of an item follow without a level between.
  ...(schema.items === undefined || schema.items.$ref !== undefined
    ? []
    : rowsOf(unwrap(schema.items).structure)),
  ...(schema.allOf ?? []).filter((part) => part.$ref === undefined).flatMap((part) => rowsOf(part)),
];

const rowsOf = (schema: Schema): Row[] => [
  ...memberRows(schema),
  ...alternativeRows(schema),
  ...itemRows(schema),
];

/** The members, items and alternatives of a schema as nested lists; a `$ref` inside is a link. */
const renderParts = (document: OpenApiDocument, schema: Schema): Markup | undefined => {
  const { structure } = unwrap(schema);
  const rows = structure.$ref === undefined ? rowsOf(structure) : [];
  return rows.length === 0
    ? undefined
    : markup`<ul class="tree">${rows.map((row) => renderRow(document, row))}</ul>`;
};

/** A schema as a readable tree under its type and constraints; a `$ref` on top is followed once. */
export const renderSchema = (document: OpenApiDocument, schema: Schema): Markup => {
  const { structure, description } = unwrap(schema);
  const shown = resolveSchema(document, structure);
  return markup`<div class="schema"><p><span class="type">${typeLabel(document, schema)}</span>${renderDemands(
    schema,
  )}</p>${renderText(description)}${shown === undefined ? undefined : renderParts(document, shown)}</div>`;
};
