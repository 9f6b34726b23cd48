import { type FieldError, Problem } from "../../errors.ts";

/** A report names at most this many offences: enough to repair by, too few to flood with. */
export const maxOffences = 20;

const maxQuotedLength = 60;
const maxPathLength = 300;

/** What is wrong in a text, and at which offset. */
export interface Offence {
  readonly path: string;
  readonly message: string;
  readonly at: number;
  /** Where the same name was given before. */
  readonly firstAt?: number;
  /** Which document of a stream it is in, from 1; absent when there is but one. */
  readonly document?: number | undefined;
}

/** At most 60 characters of `text`, so that a message never echoes a large body. */
export const shorten = (text: string): string =>
  text.length > maxQuotedLength
    ? `${text.slice(0, maxQuotedLength).toWellFormed()}… (${text.length} characters)`
    : text.toWellFormed();

/** `text` in quotes, shortened, with its control characters escaped. */
export const quote = (text: string): string => JSON.stringify(shorten(text));

/** The dotted path of a place (`operations.0.value`), shortened where it would flood a report. */
export function dottedPath(segments: readonly (string | number)[]): string {
  const path = segments.map((segment) => shorten(String(segment))).join(".");
  return path.length > maxPathLength ? `${path.slice(0, maxPathLength).toWellFormed()}…` : path;
}

/** `INVALID_INPUT` that carries every offence, and says the first one in its detail. */
export function refuse(offences: readonly FieldError[]): Problem {
  const [first] = offences;
  const place = first === undefined || first.path === "" ? "" : `${first.path}: `;
  const others = offences.length > 1 ? ` (and ${offences.length - 1} more)` : "";
  return new Problem("INVALID_INPUT", `${place}${first?.message ?? ""}${others}`, {
    errors: offences,
  });
}

/** Offsets as `line 3, column 5`, counted from 1 in UTF-16 code units; one pass over the text for all. */
function placesOf(text: string, offsets: readonly number[]): ReadonlyMap<number, string> {
  const places = new Map<number, string>();
  let line = 1;
  let lineStart = 0;
  let index = 0;
  for (const offset of offsets.toSorted((left, right) => left - right)) {
    for (; index < offset; index += 1) {
      const code = text.charCodeAt(index);
      if (code === 10 || (code === 13 && text.charCodeAt(index + 1) !== 10)) {
        line += 1;
        lineStart = index + 1;
      }
    }
    places.set(offset, `line ${line}, column ${offset - lineStart + 1}`);
  }
  return places;
}

/** `INVALID_INPUT` with the line and column of every offence in `text`. */
export function refuseText(text: string, offences: readonly Offence[]): Problem {
  const offsets = offences.flatMap(({ at, firstAt }) => [at, firstAt ?? at]);
  const places = placesOf(text, offsets);
  return refuse(
    offences.map(({ path, message, at, firstAt, document }) => {
      const first = firstAt === undefined ? "" : `, first at ${places.get(firstAt)}`;
      const stream = document === undefined ? "" : `document ${document}, `;
      return { path, message: `${message}${first} (${stream}${places.get(at)})` };
    }),
  );
}
