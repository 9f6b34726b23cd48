import type { DocumentLimits } from "./document-limits.ts";
import { dottedPath, maxOffences, type Offence, quote, refuseText } from "./offences.ts";

/** Where a pass over JSON text stands. */
export interface JsonCursor {
  readonly text: string;
  readonly limits: DocumentLimits;
  readonly isWellFormed: boolean;
  at: number;
  depth: number;
  nodes: number;
  /** By depth, from 1: the member name or index at which the pass stands. */
  readonly path: (string | number)[];
  readonly offences: Offence[];
}

export const end = -1;

/** Passes white space and gives the code unit that follows it, or `end`. */
export function nextCode(cursor: JsonCursor): number {
  const { text } = cursor;
  let { at } = cursor;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code > 32 || (code !== 32 && code !== 10 && code !== 13 && code !== 9)) {
      cursor.at = at;
      return code;
    }
    at += 1;
  }
  cursor.at = at;
  return end;
}

const pathOf = (cursor: JsonCursor): string => dottedPath(cursor.path.slice(1, cursor.depth + 1));

/** Notes an offence at the current path; throws once the report is full. */
export function note(cursor: JsonCursor, message: string, at: number, firstAt?: number): void {
  const offence = { path: pathOf(cursor), message, at };
  cursor.offences.push(firstAt === undefined ? offence : { ...offence, firstAt });
  if (cursor.offences.length >= maxOffences) throw refuseText(cursor.text, cursor.offences);
}

/** Ends the pass: after this offence the rest cannot be judged. */
export function halt(cursor: JsonCursor, message: string, at: number): never {
  const offence = { path: pathOf(cursor), message, at };
  throw refuseText(cursor.text, [...cursor.offences, offence]);
}

/** A character as a message can show it; what would not be seen as its number. */
function show(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  const isVisible = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character);
  return isVisible
    ? quote(character)
    : `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Ends the pass where the text is not JSON; `expected` says what could stand there. */
export function haltSyntax(cursor: JsonCursor, expected: string, at = cursor.at): never {
  const codePoint = cursor.text.codePointAt(at);
  const found = codePoint === undefined ? "the text ends" : `found ${show(codePoint)}`;
  const offence = { path: "", message: `not valid JSON: expected ${expected}, but ${found}`, at };
  throw refuseText(cursor.text, [...cursor.offences, offence]);
}
