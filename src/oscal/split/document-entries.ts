import { z } from "zod";
import { Problem } from "../../errors.ts";
import { type Json, type JsonObject, jsonSizeBytes } from "../../platform/json.ts";
import type { EntriesOfKind, MappedEntry } from "../entries.ts";
import { fitTitle } from "../fit-text.ts";
import { type ImportedModel, importedModels } from "../oscal-document.ts";
import { joinPieces } from "./join-pieces.ts";
import { type Piece, splitValue } from "./split-value.ts";

const json = z.custom<Json>(() => true);
const object = z.custom<JsonObject>(
  (value) => z.record(z.string(), z.unknown()).safeParse(value).success,
);

/** What of a document belongs to no entry. */
const remainderShape = z.strictObject({
  /** Before the keys of all entries of the document. */
  prefix: z.string(),
  /** The `$schema` beside the body. */
  schema: z.string().exactOptional(),
  /** Where it is not as a title of an entry can be. */
  title: z.string().exactOptional(),
  /** The body, with holes where the entries were. */
  content: object,
  /** The assessment that a plan has become, and its members where they are too large for the entry. */
  assessment: z.strictObject({ key: z.string(), kept: object.exactOptional() }).exactOptional(),
});

export type Remainder = z.output<typeof remainderShape>;

const path = z.array(z.union([z.string(), z.int().min(0)]));
const partShape = z.strictObject({
  part: z.int().min(1),
  parts: z.int().min(2),
  pieces: z.array(
    z.union([
      z.strictObject({ path, members: object }),
      z.strictObject({ path, items: z.array(json) }),
    ]),
  ),
});

const entryShape = z.looseObject({
  title: z.string(),
  model: z.enum(importedModels),
  document: object,
});

export interface StoredDocument {
  readonly model: ImportedModel;
  readonly title: string;
  readonly remainder: Remainder;
}

const partKey = (name: string, part: number): string => (part === 1 ? name : `${name}:${part}`);

/** Whether a key is that of a document, or of one of its parts. */
export const isPartOf = (key: string, name: string): boolean =>
  key === name || (key.startsWith(`${name}:`) && /^\d+$/.test(key.slice(name.length + 1)));

/** The entries that hold the remainder: one, or where it is too large for that as many as it takes. */
export const writeDocumentEntries = (
  name: string,
  { model, remainder, title }: StoredDocument,
  maxBytes: number,
): MappedEntry[] => {
  const head = { kind: "oscal", place: model } as const;
  const fitted = fitTitle(title, name);
  const document = remainder as unknown as JsonObject;
  if (jsonSizeBytes(document) <= maxBytes) {
    return [{ ...head, key: name, value: { title: fitted, model, document } }];
  }
  const parts = splitValue(document, maxBytes);
  return parts.map((pieces, index) => ({
    ...head,
    key: partKey(name, index + 1),
    value: {
      title: fitted,
      model,
      document: { part: index + 1, parts: parts.length, pieces },
    },
  }));
};

const damaged = (key: string): Problem =>
  new Problem(
    "UNPROCESSABLE",
    `The oscal entry ${key} is not as an import has made it. Import the document again, or roll the entry back.`,
  );

const readPieces = (entries: EntriesOfKind, name: string): JsonObject => {
  const pieces: Piece[] = [];
  let count = 1;
  for (let part = 1; part <= count; part += 1) {
    const key = partKey(name, part);
    const parsed = partShape.safeParse(entries.get(key)?.["document"]);
    if (!parsed.success || parsed.data.part !== part) throw damaged(key);
    count = parsed.data.parts;
    for (const piece of parsed.data.pieces) pieces.push(piece);
  }
  const whole = joinPieces(pieces);
  if (whole === undefined) throw damaged(name);
  return whole;
};

/**
 * The document of that name; undefined where there is none.
 *
 * @throws Problem `UNPROCESSABLE` where its entries were changed by hand into what cannot be read
 */
export const readDocumentEntries = (
  entries: EntriesOfKind,
  name: string,
): StoredDocument | undefined => {
  const entry = entries.get(name);
  if (entry === undefined) return undefined;
  const parsed = entryShape.safeParse(entry);
  if (!parsed.success) throw damaged(name);
  const { document, model, title } = parsed.data;
  const whole = Object.hasOwn(document, "parts") ? readPieces(entries, name) : document;
  const remainder = remainderShape.safeParse(whole);
  if (!remainder.success) throw damaged(name);
  return { model, title, remainder: remainder.data };
};
