import type { FieldError } from "../../errors.ts";

export type Segment = string | number;

/** Enough to repair by, too few to flood with. */
const mostErrors = 20;
const longestSegment = 60;

const shown = (segment: Segment): string => {
  if (typeof segment === "number") return `[${segment}]`;
  const name = segment.length > longestSegment ? `${segment.slice(0, longestSegment)}…` : segment;
  return `.${name.toWellFormed()}`;
};

/** A place as people write it: `catalog.groups[3].controls[0].id`. */
export const placeOf = (segments: readonly Segment[]): string =>
  segments.map(shown).join("").replace(/^\./, "");

/** Collects what is wrong with a document, as far as it will be told. */
export interface Report {
  readonly errors: FieldError[];
  add(path: readonly Segment[], message: string): void;
}

export const createReport = (root: string): Report => {
  const errors: FieldError[] = [];
  return {
    errors,
    add(path, message) {
      if (errors.length < mostErrors) errors.push({ path: placeOf([root, ...path]), message });
    },
  };
};

/** Notes where each name is first given, and reports the second time. */
export const createIndex = (report: Report, what: string) => {
  const firstAt = new Map<string, string>();
  return {
    has: (name: string): boolean => firstAt.has(name),
    add(name: string, path: readonly Segment[]): void {
      const before = firstAt.get(name);
      if (before === undefined) firstAt.set(name, placeOf(path));
      else report.add(path, `is the ${what} of ${before} too`);
    },
  };
};

export type Index = ReturnType<typeof createIndex>;
