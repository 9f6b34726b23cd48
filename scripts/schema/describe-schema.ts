import type { Sql, Tx } from "../../src/platform/sql.ts";
import {
  type Column,
  type Constraint,
  readColumns,
  readConstraints,
  readFunctions,
  readIndexes,
  readSequences,
  readTables,
  readTriggers,
  readUnknown,
  type Sequence,
  type Table,
} from "./read-catalogue.ts";
import { quoteName, quoteText, storage, toLowerCase } from "./sql-text.ts";

const header = `-- The schema that the migrations make, written by \`npm run schema:dump\` from a fresh database.
-- Review its changes; edit the migrations instead. Rows that migrations insert are not in it.

create schema fairlead;
`;

const qualified = (name: string): string => `fairlead.${quoteName(name)}`;

const describeSequence = (sequence: Sequence): string =>
  [
    `create sequence ${qualified(sequence.name)} as ${sequence.type}`,
    `start with ${sequence.start} increment by ${sequence.increment}`,
    `minvalue ${sequence.minimum} maxvalue ${sequence.maximum}`,
    `cache ${sequence.cache} ${sequence.cycles ? "cycle" : "no cycle"};\n`,
  ].join(" ");

const columnValue = ({ identity, generated, expression }: Column): string => {
  if (identity !== null) return ` generated ${identity} as identity`;
  if (expression === null) return "";
  const value = toLowerCase(expression);
  return generated === null ? ` default ${value}` : ` generated always as (${value}) ${generated}`;
};

const describeColumn = (column: Column, table: string): string => {
  const collation = column.collation === null ? "" : ` collate "${column.collation}"`;
  const given = `${table}_${column.name}_not_null`;
  const named = column.notNull === given ? "" : ` constraint ${quoteName(column.notNull ?? "")}`;
  const notNull = column.notNull === null ? "" : `${named} not null`;
  return `${quoteName(column.name)} ${column.type}${collation}${notNull}${columnValue(column)}`;
};

const describeConstraint = (constraint: Constraint): string =>
  `constraint ${quoteName(constraint.name)} ${toLowerCase(constraint.definition)}${storage(constraint.options)}`;

const describeTable = (
  table: Table,
  columns: readonly Column[],
  constraints: readonly Constraint[],
): string => {
  const rows = [
    ...columns.map((column) => describeColumn(column, table.name)),
    ...constraints.filter(({ kind }) => kind !== "f").map(describeConstraint),
  ];
  const body = rows.length === 0 ? "" : ` (\n  ${rows.join(",\n  ")}\n)`;
  const origin =
    table.parent === null
      ? body
      : ` partition of ${qualified(table.parent)}${body} ${toLowerCase(table.bound ?? "")}`;
  const split =
    table.partitioning === null ? "" : ` partition by ${toLowerCase(table.partitioning)}`;
  return `create table ${qualified(table.name)}${origin}${split}${storage(table.options)};\n`;
};

const describeComments = (table: Table, columns: readonly Column[]): string[] => {
  const name = qualified(table.name);
  const own = table.comment === null ? [] : [`table ${name} is ${quoteText(table.comment)}`];
  const theirs = columns.flatMap((column) =>
    column.comment === null
      ? []
      : [`column ${name}.${quoteName(column.name)} is ${quoteText(column.comment)}`],
  );
  return [...own, ...theirs].map((text) => `comment on ${text};\n`);
};

// `on only` would leave the partitions out when the dump is run; btree is the default.
const describeIndex = (definition: string): string =>
  `${toLowerCase(definition).replace(" on only ", " on ").replace(" using btree ", " ")};\n`;

const describeFunction = (definition: string): string =>
  `${toLowerCase(definition).replace("create or replace", "create").trim()};\n`;

const belongsTo =
  (table: Table) =>
  (item: { readonly table: number }): boolean =>
    item.table === table.oid;

const describeTables = async (tx: Tx): Promise<string[]> => {
  const tables = await readTables(tx);
  const columns = await readColumns(tx);
  const constraints = await readConstraints(tx);
  const indexes = await readIndexes(tx);
  const triggers = await readTriggers(tx);
  const blocks = tables.map((table) => {
    const own = columns.filter(belongsTo(table));
    const text = [
      describeTable(table, own, constraints.filter(belongsTo(table))),
      ...indexes.filter(belongsTo(table)).map((index) => describeIndex(index.definition)),
      ...triggers.filter(belongsTo(table)).map((each) => `${toLowerCase(each.definition)};\n`),
      ...describeComments(table, own),
    ].join("");
    // Partitions stand close together; a table has air around it.
    return table.parent === null ? `\n${text}` : text;
  });
  const references = tables.flatMap((table) =>
    constraints
      .filter((constraint) => constraint.kind === "f" && constraint.table === table.oid)
      .map((each) => `\nalter table ${qualified(table.name)} add ${describeConstraint(each)};\n`),
  );
  return [...blocks, ...references];
};

/**
 * The schema `fairlead` as SQL text, always in the same order. Run on an empty database it makes the
 * same schema again. Throws where the schema holds something that the text would leave out.
 */
export async function describeSchema(sql: Sql): Promise<string> {
  return sql.begin("isolation level repeatable read read only", async (tx) => {
    // Without a search path every name of ours is written with its schema.
    await tx`set local search_path = ''`;
    const unknown = await readUnknown(tx);
    if (unknown.length > 0) {
      const names = unknown.map(({ name }) => name).join(", ");
      throw new Error(`The schema dump cannot describe: ${names}. Teach scripts/schema to.`);
    }
    const sequences = await readSequences(tx);
    const functions = await readFunctions(tx);
    return [
      header,
      ...sequences.map((sequence) => `\n${describeSequence(sequence)}`),
      ...functions.map(({ definition }) => `\n${describeFunction(definition)}`),
      ...(await describeTables(tx)),
    ].join("");
  });
}
