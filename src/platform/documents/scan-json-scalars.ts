import { haltSyntax, type JsonCursor, note } from "./json-cursor.ts";
import { numberFault } from "./number-fault.ts";
import { textFault } from "./text-faults.ts";

const quoteMark = 34;
const backslash = 92;
const letterU = 117;
const simpleEscapes = '"\\/bfnrt';

/** A double keeps any number that is written with so few characters and no exponent. */
const safeNumberLength = 15;

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Passes the escape whose backslash is at `at`; says whether it may make U+0000 or a surrogate. */
function passEscape(cursor: JsonCursor, at: number): boolean {
  const { text } = cursor;
  if (text.charCodeAt(at + 1) !== letterU) {
    if (!simpleEscapes.includes(text.charAt(at + 1)) || at + 1 >= text.length) {
      haltSyntax(cursor, "an escape such as \\n or \\u0041", at + 1);
    }
    cursor.at = at + 2;
    return false;
  }
  const hexadecimal = text.slice(at + 2, at + 6);
  if (!/^[0-9A-Fa-f]{4}$/.test(hexadecimal)) {
    haltSyntax(cursor, "four hexadecimal digits after \\u", at + 2);
  }
  cursor.at = at + 6;
  const code = Number.parseInt(hexadecimal, 16);
  return code === 0 || (code >= 0xd800 && code <= 0xdfff);
}

/** What the source text of a string tells of its value. */
export type StringForm = "plain" | "escaped" | "suspect";

/**
 * Passes the string whose opening quote is at the cursor. A plain one is its source text; one
 * that is suspect may hold U+0000 or a lone surrogate, so that it must be decoded and judged.
 */
export function passString(cursor: JsonCursor): StringForm {
  const { text } = cursor;
  let at = cursor.at + 1;
  let hasEscape = false;
  let isSuspect = !cursor.isWellFormed;
  for (;;) {
    if (at >= text.length) haltSyntax(cursor, "the string's closing \"", at);
    const code = text.charCodeAt(at);
    if (code === quoteMark) break;
    if (code === backslash) {
      hasEscape = true;
      if (passEscape(cursor, at)) isSuspect = true;
      at = cursor.at;
    } else {
      if (code < 32) haltSyntax(cursor, "control characters in a string to be escaped", at);
      at += 1;
    }
  }
  cursor.at = at + 1;
  if (isSuspect) return "suspect";
  return hasEscape ? "escaped" : "plain";
}

/** The value of the string between `start` and the cursor, which has passed it. */
export function decodeString(cursor: JsonCursor, start: number): string {
  return JSON.parse(cursor.text.slice(start, cursor.at)) as string;
}

/** Passes the string at the cursor, and notes it when it cannot be kept. */
export function scanString(cursor: JsonCursor): void {
  const start = cursor.at;
  if (passString(cursor) !== "suspect") return;
  const fault = textFault(decodeString(cursor, start));
  if (fault !== undefined) note(cursor, fault, start);
}

function passDigits(cursor: JsonCursor, from: number): number {
  const { text } = cursor;
  let at = from;
  while (at < text.length && isDigit(text.charCodeAt(at))) at += 1;
  if (at === from) haltSyntax(cursor, "a digit", at);
  return at;
}

/** Passes the number at the cursor, and notes it when a double would not keep it. */
export function scanNumber(cursor: JsonCursor): void {
  const { text } = cursor;
  const start = cursor.at;
  let at = text.charAt(start) === "-" ? start + 1 : start;
  // A digit after a leading zero belongs to no number: what follows the value reports it.
  at = text.charAt(at) === "0" ? at + 1 : passDigits(cursor, at);
  if (text.charAt(at) === ".") at = passDigits(cursor, at + 1);
  const mark = text.charAt(at);
  const hasExponent = mark === "e" || mark === "E";
  if (hasExponent) {
    const sign = text.charAt(at + 1);
    at = passDigits(cursor, sign === "-" || sign === "+" ? at + 2 : at + 1);
  }
  cursor.at = at;
  if (!hasExponent && at - start <= safeNumberLength) return;
  const fault = numberFault(text.slice(start, at));
  if (fault !== undefined) note(cursor, fault, start);
}

export function scanLiteral(cursor: JsonCursor, literal: string): void {
  if (!cursor.text.startsWith(literal, cursor.at)) haltSyntax(cursor, "a JSON value");
  cursor.at += literal.length;
}
