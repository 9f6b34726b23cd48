import { type Event, parseEvents, YAMLException } from "js-yaml";
import { invalidInput } from "../../errors.ts";
import type { Json } from "../json.ts";
import { buildYaml } from "./build-yaml.ts";
import { type DocumentLimits, defaultDocumentLimits, depthFault } from "./document-limits.ts";
import { refuseText, shorten } from "./offences.ts";

const byteOrderMark = "\uFEFF";

/** Two levels beyond the limit, so that our own refusal, which knows the path, comes first. */
const parserMargin = 2;

/** What a value must stand beside: `,`, `[` or `{`, or one of `- : ? .` before white space. */
const isMark = (code: number): boolean => code === 44 || code === 91 || code === 123;
const isMarkBeforeBlank = (code: number): boolean =>
  code === 45 || code === 58 || code === 63 || code === 46;
const isBlank = (code: number): boolean => code <= 32 || Number.isNaN(code);

/** An upper bound of the values in a text, counted without parsing it. */
function countMarks(text: string): number {
  let marks = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isMark(code)) marks += 1;
    else if (isMarkBeforeBlank(code) && isBlank(text.charCodeAt(index + 1))) marks += 1;
  }
  return marks;
}

/** Refuses what js-yaml would turn into too many events: up to three a mark, of 125 bytes each. */
function checkSize(text: string, limits: DocumentLimits): void {
  if (text.length <= limits.maxNodes || countMarks(text) <= limits.maxNodes) return;
  const message = `the document has commas, colons and dashes for more than ${limits.maxNodes} values`;
  throw invalidInput("", message);
}

/** Documents of a stream that may be ill-formed, by its `---` and `...` lines. */
function countDocuments(text: string): number {
  const content = /^[ \t]*[^\s#%]/m;
  let count = 0;
  let from = 0;
  let isOpen = false;
  for (const { 0: marker, index } of text.matchAll(/^(?:---|\.\.\.)(?=\s|$)/gm)) {
    if (!isOpen && content.test(text.slice(from, index))) count += 1;
    isOpen = marker === "---";
    if (isOpen) count += 1;
    from = index + marker.length;
  }
  return !isOpen && content.test(text.slice(from)) ? count + 1 : count;
}

/** Which document an offset lies in, from 1; nothing when there is but one. */
const documentAt = (text: string, offset: number): number | undefined =>
  countDocuments(text) > 1 ? Math.max(1, countDocuments(text.slice(0, offset))) : undefined;

function readEvents(text: string, limits: DocumentLimits): Event[] {
  try {
    return parseEvents(text, { maxDepth: limits.maxDepth + parserMargin });
  } catch (error) {
    // A tag of megabytes overruns the stack of the regular expression that js-yaml tries on it.
    if (error instanceof RangeError) throw invalidInput("", "not YAML: a tag is too long");
    if (!(error instanceof YAMLException)) throw error;
    const at = Math.min(error.mark?.position ?? 0, text.length);
    const isDepth = error.reason.startsWith("nesting exceeded maxDepth");
    const message = isDepth
      ? `the document ${depthFault(limits)}`
      : `not well-formed YAML: ${shorten(error.reason)}`;
    throw refuseText(text, [{ path: "", message, at, document: documentAt(text, at) }]);
  }
}

/**
 * Reads every document of a YAML 1.2 stream (core schema: `on` and dates stay strings) as plain
 * JSON trees; an empty document is null, an empty stream has none. Keys are taken as text. Refuses
 * what `parseJson` refuses, and tags, complex keys, cyclic aliases, and aliases that repeat more
 * than the limits allow; `<<` merges.
 *
 * @throws Problem `INVALID_INPUT` with up to 20 places, each with its dotted path, line and column,
 * and the document's number in a stream of several
 */
export function parseYaml(text: string, limits: DocumentLimits = defaultDocumentLimits): Json[] {
  const body = text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text;
  checkSize(body, limits);
  return buildYaml(body, readEvents(body, limits), limits);
}
