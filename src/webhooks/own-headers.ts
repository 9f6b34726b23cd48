import { z } from "zod";
import { hiddenValue } from "./webhook.ts";

const maxHeaders = 20;
const maxHeaderBytes = 1_024;

/** What a connection, the body or the signature says, and what the answer could not be read with. */
const refused =
  /^(accept-encoding|connection|date|expect|forwarded|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|user-agent|via|content-.*|webhook-.*)$/;

const tokenPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Without line breaks, which would begin another header; without blanks at the ends. */
const valuePattern = /^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/;

/** What is wrong with a header of a webhook's own. */
const headerError = (name: string, value: string): string | undefined => {
  if (!tokenPattern.test(name)) return "is not a header's name";
  if (refused.test(name.toLowerCase())) return "is a header that Fairlead or the connection sets";
  if (name.length + value.length > maxHeaderBytes) return `is longer than ${maxHeaderBytes} bytes`;
  if (!valuePattern.test(value)) {
    return "must have a value of printable ASCII characters, without blanks at its ends";
  }
  return undefined;
};

/** Headers by their names in lower case: names that differ by case alone are one header. */
export const ownHeadersShape = z
  .record(z.string().max(maxHeaderBytes), z.string().max(maxHeaderBytes))
  .check(({ issues, value }) => {
    const names = Object.keys(value);
    if (names.length > maxHeaders) {
      issues.push({ code: "custom", message: `must be at most ${maxHeaders}`, input: value });
      return;
    }
    for (const name of names) {
      const isTwice = names.some((other) => other < name && sameName(other, name));
      const message = isTwice ? "is given twice" : headerError(name, value[name] ?? "");
      if (message !== undefined)
        issues.push({ code: "custom", path: [name], message, input: name });
    }
  })
  .transform((headers) =>
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    ),
  )
  .meta({
    description: `Sent along with every delivery, \`authorization\` for one. Values are shown as \`${hiddenValue}\`; a change keeps those that are sent so.`,
    example: { "x-team": "payments" },
  });

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** The headers that a change leaves, and the names that it would keep though there are none. */
export const keptHeaders = (
  headers: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>>,
): { readonly headers: Record<string, string>; readonly unknown: readonly string[] } => {
  const isKept = (name: string): boolean => headers[name] === hiddenValue;
  const names = Object.keys(headers);
  return {
    headers: Object.fromEntries(
      names.map((name) => [name, (isKept(name) ? current[name] : headers[name]) ?? ""]),
    ),
    unknown: names.filter((name) => isKept(name) && !Object.hasOwn(current, name)),
  };
};
