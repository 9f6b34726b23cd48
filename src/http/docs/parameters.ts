import { joinMarkup, type Markup, markup, renderInline } from "./markup.ts";
import { type OpenApiDocument, type Parameter, resolveSchema, type Schema } from "./openapi.ts";
import { constraintWords, typeLabel, unwrap, valueCode } from "./schema-words.ts";

const columns = ["Name", "In", "Required", "Type", "Constraints", "Description", "Default"];

const schemaOf = (parameter: Parameter): Schema =>
  parameter.schema ?? Object.values(parameter.content ?? {})[0]?.schema ?? {};

const cellsOf = (
  document: OpenApiDocument,
  parameter: Parameter,
): readonly (Markup | undefined)[] => {
  const declared = schemaOf(parameter);
  // A table has no room for a link to follow: a named schema's demands are said here again.
  const schema = resolveSchema(document, unwrap(declared).structure) ?? declared;
  const description = parameter.description ?? unwrap(declared).description ?? schema.description;
  const mark =
    parameter.deprecated === true ? markup` <span class="mark">deprecated</span>` : undefined;
  return [
    markup`<code>${parameter.name}</code>${mark}`,
    markup`${parameter.in}`,
    parameter.required === true ? markup`<strong>yes</strong>` : markup`no`,
    typeLabel(document, declared),
    joinMarkup(constraintWords(schema), ", "),
    description === undefined ? undefined : renderInline(description),
    schema.default === undefined ? undefined : valueCode(schema.default),
  ];
};

const renderRow = (document: OpenApiDocument, parameter: Parameter): Markup => {
  const [name, ...others] = cellsOf(document, parameter);
  const cells = others.map(
    (cell, index) => markup`<td role="cell" data-label="${columns[index + 1]}">${cell}</td>`,
  );
  return markup`<tr role="row"><th role="rowheader" scope="row">${name}</th>${cells}</tr>`;
};

/**
 * The table of an operation's parameters. On a phone the style turns rows into blocks, which takes
 * a table's meaning away from assistive technology: the roles give it back.
 */
export const renderParameters = (
  document: OpenApiDocument,
  parameters: readonly Parameter[],
): Markup | undefined =>
  parameters.length === 0
    ? undefined
    : markup`<h4>Parameters</h4>
<table role="table" class="parameters"><thead role="rowgroup"><tr role="row">${columns.map(
        (name) => markup`<th role="columnheader" scope="col">${name}</th>`,
      )}</tr></thead><tbody role="rowgroup">${parameters.map((parameter) => renderRow(document, parameter))}</tbody></table>`;
