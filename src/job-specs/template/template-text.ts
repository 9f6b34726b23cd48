import { type TemplatePath, takePath } from "./template-path.ts";

/** Parts of a text in order: what is said as it is, and what is looked up. */
export type TextPart = string | TemplatePath;

const opening = "${";
const escaped = "$${";

/** Takes a text apart; `fault` says what is wrong with it. */
export const parseText = (
  text: string,
): { readonly parts: readonly TextPart[] } | { readonly fault: string } => {
  const parts: TextPart[] = [];
  let literal = "";
  let at = 0;
  for (;;) {
    const next = text.indexOf(opening, at);
    if (next === -1) break;
    if (next > at && text[next - 1] === "$") {
      literal += text.slice(at, next - 1) + opening;
      at = next + opening.length;
      continue;
    }
    const taken = takePath(text, next + opening.length);
    if ("fault" in taken) return { fault: `${taken.fault} (${placeOf(next)})` };
    if (text[taken.end] !== "}") return { fault: unclosed(text, taken.end, next) };
    literal += text.slice(at, next);
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(taken.path);
    at = taken.end + 1;
  }
  literal += text.slice(at);
  if (literal !== "" || parts.length === 0) parts.push(literal);
  return { parts };
};

const placeOf = (offset: number): string =>
  `character ${offset + 1}; write ${escaped} for a ${opening} that is no reference`;

const unclosed = (text: string, end: number, start: number): string => {
  const found = text.codePointAt(end);
  const said =
    found === undefined
      ? "has no }"
      : `has ${JSON.stringify(String.fromCodePoint(found))} in its path`;
  return `the reference ${said} (${placeOf(start)})`;
};
