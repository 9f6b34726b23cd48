import type { Json } from "../json.ts";

export const clip = (text: string, maxLength: number): string =>
  text.length <= maxLength ? text : `${text.slice(0, maxLength).toWellFormed()}…`;

/** `1 character`, `2 characters`; `irregular` where an s does not do. */
export const count = (amount: number, noun: string, irregular = `${noun}s`): string =>
  `${amount} ${amount === 1 ? noun : irregular}`;

/** What a schema names, as JSON, cut where it is long. Never for parts of a value. */
export const quote = (fromSchema: Json): string => clip(JSON.stringify(fromSchema), 60);

/** `a`, `a or b`, `a, b or c`. */
export const listOf = (words: readonly string[], conjunction: "or" | "and" = "or"): string =>
  words.length < 2
    ? words.join("")
    : `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
