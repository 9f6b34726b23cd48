import { parseJson } from "../platform/documents/parse-json.ts";
import type { Json } from "../platform/json.ts";
import { asFailure, refusal } from "./failure.ts";

export const valueTypes = ["string", "number", "boolean", "json"] as const;

export type ValueType = (typeof valueTypes)[number];

export interface ParsedValue {
  readonly value: Json;
  /** What may not be as meant. */
  readonly remark?: string;
}

const isJsonText = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** Reads well-formed JSON by the server's own rules, so that nothing is rounded or dropped on the way. */
const parseStrictly = (text: string): Json => {
  try {
    return parseJson(text);
  } catch (error) {
    throw asFailure(error, "VALUE (--type string would take it as text)");
  }
};

/**
 * The value that a text on the command line stands for: JSON where it is well-formed JSON, else the
 * text itself. `type` insists on one type; `string` takes the text as it stands.
 * @throws Failure when the text is not of `type`, or is JSON that cannot be kept exactly
 */
export const parseValue = (text: string, type?: ValueType): ParsedValue => {
  if (type === "string") return { value: text };
  if (!isJsonText(text)) {
    if (type !== undefined) {
      throw refusal("VALUE", type === "json" ? "It is not JSON." : `It is not a ${type}.`);
    }
    const looksLikeJson = /^\s*[{["]/.test(text);
    return looksLikeJson
      ? { value: text, remark: "VALUE is not JSON and was taken as a string" }
      : { value: text };
  }
  const value = parseStrictly(text);
  if ((type === "number" || type === "boolean") && typeof value !== type) {
    throw refusal("VALUE", `It is not a ${type}.`);
  }
  return { value };
};
