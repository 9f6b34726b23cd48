import { createHash } from "node:crypto";
import { Problem } from "../../errors.ts";
import { type DocumentName, layerIdOf } from "../../layers/cache/layer-cache.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import { copyNamesOf } from "../copy-names.ts";
import type { DocumentPart, ListedDocument, PartName, PutPart } from "../document-parts.ts";
import { bytesOf } from "../text-parts.ts";
import type { AuthoritySql, SqlValue } from "./authority-sql.ts";
import { fillNumber, isFilling } from "./fills.ts";

interface DocumentRow {
  readonly id: number;
  readonly epoch: string;
  readonly layer: string;
  readonly revision: number;
  readonly hash: string;
  readonly parts: number;
}

/**
 * Takes in parts of documents, in any order, as often as they come.
 *
 * @throws Problem `INVALID_INPUT` where the parts together are not what their name says: they are dropped
 */
export const putParts = (sql: AuthoritySql, parts: readonly PutPart[]): void => {
  const areRight = sql.transactionSync(() => parts.map((part) => putPart(sql, part)));
  if (areRight.includes(false)) {
    throw new Problem("INVALID_INPUT", "The parts are not the document that its name says.");
  }
};

const putPart = (sql: AuthoritySql, { name, of, part, text }: PutPart): boolean => {
  const begun = findDocument(sql, name);
  // Cut otherwise, as another version of the publisher may.
  if (begun !== undefined && begun.parts !== of) removeDocument(sql, begun);
  sql.exec(
    `insert into documents (epoch, layer, revision, hash, parts) values (?, ?, ?, ?, ?)
    on conflict do nothing`,
    ...keyOf(name),
    of,
  );
  const document = findDocument(sql, name);
  if (document === undefined) return false;
  const fill = fillNumber(sql);
  sql.exec(
    "insert or replace into document_parts (document, part, fill, text) values (?, ?, ?, ?)",
    document.id,
    part,
    fill,
    text,
  );
  return completeDocument(sql, document, fill);
};

/** Once all parts are there, they must be the document that its name says. */
const completeDocument = (sql: AuthoritySql, document: DocumentRow, fill: number): boolean => {
  const { hash, id, parts } = document;
  const [counted] = sql.exec<{ count: number }>(
    "select count(*) as count from document_parts where document = ? and fill = ?",
    id,
    fill,
  );
  if (counted?.count !== parts) return true;
  const sum = createHash("sha256");
  let bytes = 0;
  for (let part = 1; part <= parts; part += 1) {
    const text = readPart(sql, id, part) ?? "";
    sum.update(text);
    bytes += bytesOf(text);
  }
  if (!sum.digest("hex").startsWith(hash)) {
    removeDocument(sql, document);
    return false;
  }
  sql.exec(
    "update documents set whole_in = ?, bytes = ?, is_copied = 0 where id = ?",
    fill,
    bytes,
    id,
  );
  return true;
};

/** In the order asked for; undefined for what is not there, or not whole. */
export const readParts = (
  sql: AuthoritySql,
  wanted: readonly PartName[],
): readonly (DocumentPart | undefined)[] =>
  wanted.map(({ name, part }) => {
    const document = findDocument(sql, name);
    if (document === undefined || document.wholeIn === null) return undefined;
    const text = readPart(sql, document.id, part);
    return text === undefined ? undefined : { of: document.parts, text };
  });

/** What publishers have put of a layer; while it is filled anew, what they have put since. */
export const listDocuments = (
  sql: AuthoritySql,
  epoch: string,
  layer: LayerName,
): readonly ListedDocument[] => {
  const since = isFilling(sql) ? fillNumber(sql) : 0;
  const rows = sql.exec<DocumentRow & { put: string }>(
    `select d.revision, d.hash, d.parts, json_group_array(p.part) as put
    from documents d join document_parts p on p.document = d.id and p.fill >= ?
    where d.epoch = ? and d.layer = ? group by d.id`,
    since,
    epoch,
    layerIdOf(layer),
  );
  return rows.map(({ hash, parts, put, revision }) => ({
    revision,
    hash,
    of: parts,
    parts: JSON.parse(put) as number[],
  }));
};

export const removeDocuments = (sql: AuthoritySql, names: readonly DocumentName[]): void =>
  sql.transactionSync(() => {
    for (const name of names) {
      const document = findDocument(sql, name);
      if (document !== undefined) removeDocument(sql, document);
    }
  });

export const removeEpoch = (sql: AuthoritySql, epoch: string): void =>
  removeWhere(sql, "epoch = ?", epoch);

/** Those of earlier fills, once another one is complete: no head names them any more. */
export const removeEarlierFills = (sql: AuthoritySql): void =>
  removeWhere(sql, "coalesce(whole_in, -1) < ?", fillNumber(sql));

const removeWhere = (sql: AuthoritySql, condition: string, value: SqlValue): void => {
  const rows = sql.exec<DocumentRow>(
    `select id, epoch, layer, revision, hash, parts from documents where ${condition}`,
    value,
  );
  for (const document of rows) removeDocument(sql, document);
};

const removeDocument = (sql: AuthoritySql, document: DocumentRow): void => {
  sql.exec("delete from document_parts where document = ?", document.id);
  sql.exec("delete from documents where id = ?", document.id);
  for (const name of copyNamesOf(document)) {
    sql.exec("insert into copies_to_remove (name) values (?) on conflict do nothing", name);
  }
};

const findDocument = (
  sql: AuthoritySql,
  name: DocumentName,
): (DocumentRow & { readonly wholeIn: number | null }) | undefined =>
  sql.exec<DocumentRow & { wholeIn: number | null }>(
    `select id, epoch, layer, revision, hash, parts, whole_in as "wholeIn" from documents
    where epoch = ? and layer = ? and revision = ? and hash = ?`,
    ...keyOf(name),
  )[0];

const readPart = (sql: AuthoritySql, document: number, part: number): string | undefined =>
  sql.exec<{ text: string }>(
    "select text from document_parts where document = ? and part = ?",
    document,
    part,
  )[0]?.text;

const keyOf = ({ epoch, hash, layer, revision }: DocumentName) =>
  [epoch, layerIdOf(layer), revision, hash] as const;
