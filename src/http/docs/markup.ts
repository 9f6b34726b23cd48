import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** HTML that is safe to place in a page. */
export type Markup = HtmlEscapedString;

// No booleans: hono's `html` leaves them out, so `${false}` would vanish without a trace.
type Part = string | number | Markup | undefined | readonly Part[];

/** Hono's `html` where nothing has to be waited for: strings are escaped, `Markup` stays as it is. */
export const markup = (strings: TemplateStringsArray, ...parts: readonly Part[]): Markup => {
  const result = html(strings, ...parts);
  if (result instanceof Promise) throw new TypeError("markup takes no promises");
  return result;
};

export const joinMarkup = (parts: readonly Markup[], separator: string): Markup =>
  markup`${parts.map((part, index) => (index === 0 ? part : markup`${separator}${part}`))}`;

const inlinePattern = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^()\s]+)\)/g;
const linkPattern = /^(?:https?:\/\/|mailto:|[/#])/i;

const inlineToken = ([all, code, strong, label, target]: RegExpExecArray): Markup => {
  if (code !== undefined) return markup`<code>${code}</code>`;
  if (strong !== undefined) return markup`<strong>${renderInline(strong)}</strong>`;
  if (label === undefined || target === undefined || !linkPattern.test(target)) {
    return markup`${all}`;
  }
  return markup`<a href="${target}">${renderInline(label)}</a>`;
};

/** One line of Markdown: `code`, **strong** and [links](https://example.org); the rest is text. */
export const renderInline = (source: string): Markup => {
  const parts: (string | Markup)[] = [];
  let end = 0;
  for (const match of source.matchAll(inlinePattern)) {
    parts.push(source.slice(end, match.index), inlineToken(match));
    end = match.index + match[0].length;
  }
  return markup`${[...parts, source.slice(end)]}`;
};

const itemPattern = /^\s*[-*]\s+/;

const renderBlock = (block: string): Markup => {
  if (block.startsWith("```")) {
    const lines = block
      .split("\n")
      .slice(1)
      .filter((line) => !line.startsWith("```"));
    return markup`<pre><code>${lines.join("\n")}</code></pre>`;
  }
  if (!itemPattern.test(block)) return markup`<p>${renderInline(block)}</p>`;
  const items = block.split(/\n(?=\s*[-*]\s)/).map((item) => item.replace(itemPattern, ""));
  return markup`<ul>${items.map((item) => markup`<li>${renderInline(item)}</li>`)}</ul>`;
};

const blocksOf = (source: string): string[] => {
  const blocks: string[][] = [[]];
  let fenced = false;
  for (const line of source.trim().replaceAll("\r\n", "\n").split("\n")) {
    const fence = line.startsWith("```");
    const opensList = itemPattern.test(line) && !itemPattern.test(blocks.at(-1)?.[0] ?? "- ");
    const starts = !fenced && (fence || line.trim() === "" || opensList);
    if (starts) blocks.push([]);
    if (fenced || line.trim() !== "") blocks.at(-1)?.push(line);
    if (fence && fenced) blocks.push([]);
    if (fence) fenced = !fenced;
  }
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
};

/** What descriptions use of Markdown: paragraphs, lists, fenced code and what `renderInline` knows. */
export const renderText = (source: string | undefined): Markup | undefined =>
  source === undefined || source.trim() === ""
    ? undefined
    : markup`<div class="text">${blocksOf(source).map(renderBlock)}</div>`;
