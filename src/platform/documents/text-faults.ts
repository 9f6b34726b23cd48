import { quote } from "./offences.ts";

/** Names that would reach into an object's prototype. */
const forbiddenNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

const shortestForbidden = 9;
const longestForbidden = 11;

/** Why a string cannot be kept: PostgreSQL's jsonb refuses U+0000 and lone surrogates. */
export function textFault(text: string): string | undefined {
  if (text.includes("\0")) return "holds the character U+0000, which cannot be stored";
  if (!text.isWellFormed()) return "holds half of a surrogate pair, which is not a character";
  return undefined;
}

/** Why a member name is refused although its characters are fine. */
export function forbiddenNameFault(name: string): string | undefined {
  // The lengths spare most names the hash, a tenth of the time that a small body takes.
  if (name.length < shortestForbidden || name.length > longestForbidden) return undefined;
  return forbiddenNames.has(name) ? `the name ${quote(name)} is not allowed` : undefined;
}

/** Why a member name cannot be used. */
export function nameFault(name: string): string | undefined {
  const fault = textFault(name);
  return fault === undefined ? forbiddenNameFault(name) : `the name ${fault}`;
}
