/** What a tag needs to know of an entry. */
interface Tagged {
  readonly id: string;
  readonly version: number;
}

/**
 * The strong entity tag (RFC 9110, section 8.8.3) of a value: the deployment's epoch and every entry
 * that the value is made of, with its version.
 */
export const entityTag = (epoch: string, entries: readonly Tagged[], variant = ""): string =>
  `"${epoch}.${entries.map((entry) => `${entry.id}.${entry.version}`).join("~")}${variant}"`;

/** A condition of `If-Match` or `If-None-Match`: entity tags as sent, or `*` for "any". */
export type TagCondition = "*" | readonly string[];

/** Strong comparison, as `If-Match` needs it: a weak tag never matches. */
export const matchesStrongly = (condition: TagCondition, tag: string | undefined): boolean =>
  tag !== undefined && (condition === "*" || condition.includes(tag));

/** Weak comparison, as `If-None-Match` needs it: `W/` does not count. */
export const matchesWeakly = (condition: TagCondition, tag: string | undefined): boolean =>
  tag !== undefined &&
  (condition === "*" || condition.some((candidate) => candidate.replace(/^W\//, "") === tag));

/** The tags of a condition's header field (RFC 9110, section 13.1). */
export const tagsOf = (value: string): TagCondition =>
  value === "*" ? "*" : (value.match(/(?:W\/)?"[^"]*"/g) ?? [value]);
