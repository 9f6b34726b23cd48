import { Problem } from "../../errors.ts";
import { isJsonObject, type Json, type JsonObject, jsonSizeBytes } from "../../platform/json.ts";
import { placeOf, type Segment } from "../rules/report.ts";

/** What is to be added to the object, or to the end of the list, at a place; the place is there by then. */
export type Piece =
  | { readonly path: Segment[]; readonly members: JsonObject }
  | { readonly path: Segment[]; readonly items: Json[] };

interface Run {
  readonly children: [Segment, Json][];
  sizeBytes: number;
}

/** What a piece takes beside its children. */
const overheadBytes = 64;

const pieceOf = (path: readonly Segment[], isList: boolean, { children }: Run): Piece => {
  if (isList) return { path: [...path], items: children.map(([, child]) => child) };
  return { path: [...path], members: Object.fromEntries(children) };
};

const refuseLongText = (path: readonly Segment[], maxBytes: number): never => {
  const place = placeOf(path);
  const message = `is a text, or a name, of more than ${maxBytes} bytes, which no entry can hold`;
  throw new Problem("TOO_LARGE", `${place}: ${message}`, { errors: [{ path: place, message }] });
};

const childrenOf = (value: Json[] | JsonObject): [Segment, Json][] =>
  Array.isArray(value) ? [...value.entries()] : Object.entries(value);

/** Pieces of a container in order, each of at most `maxBytes`; children that are too large come bit by bit. */
const cut = (value: Json[] | JsonObject, path: readonly Segment[], maxBytes: number): Piece[] => {
  const isList = Array.isArray(value);
  const emptyBytes = jsonSizeBytes([...path]) + overheadBytes;
  const pieces: Piece[] = [];
  let run: Run = { children: [], sizeBytes: emptyBytes };
  const flush = (): void => {
    if (run.children.length > 0) pieces.push(pieceOf(path, isList, run));
    run = { children: [], sizeBytes: emptyBytes };
  };
  const add = (segment: Segment, child: Json, sizeBytes: number): void => {
    if (run.sizeBytes + sizeBytes > maxBytes) flush();
    run.children.push([segment, child]);
    run.sizeBytes += sizeBytes;
  };
  for (const [segment, child] of childrenOf(value)) {
    const nameBytes = isList ? 1 : jsonSizeBytes(segment) + 2;
    const sizeBytes = jsonSizeBytes(child) + nameBytes;
    if (emptyBytes + sizeBytes <= maxBytes) {
      add(segment, child, sizeBytes);
      continue;
    }
    const at = [...path, segment];
    const isContainer = Array.isArray(child) || isJsonObject(child);
    if (!isContainer || emptyBytes + nameBytes + 2 > maxBytes) return refuseLongText(at, maxBytes);
    add(segment, Array.isArray(child) ? [] : {}, nameBytes + 2);
    flush();
    pieces.push(...cut(child, at, maxBytes));
  }
  flush();
  return pieces;
};

/**
 * Cuts a value into parts of at most `maxBytes` as JSON, give or take what holds them: each a list of
 * pieces, which `joinPieces` puts together again in order.
 *
 * @throws Problem `TOO_LARGE` where a single text is larger
 */
export const splitValue = (value: JsonObject, maxBytes: number): Piece[][] => {
  const parts: Piece[][] = [];
  let sizeBytes = Number.POSITIVE_INFINITY;
  for (const piece of cut(value, [], maxBytes)) {
    const pieceBytes = jsonSizeBytes(piece) + 1;
    if (sizeBytes + pieceBytes > maxBytes) {
      parts.push([]);
      sizeBytes = 0;
    }
    parts.at(-1)?.push(piece);
    sizeBytes += pieceBytes;
  }
  return parts;
};
