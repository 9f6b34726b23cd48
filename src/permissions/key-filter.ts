import { compilePattern } from "./pattern.ts";

/** Which keys of one (action, kind, scope) are permitted: decided once, then asked key by key. */
export interface KeyFilter {
  readonly permits: "all" | "none" | "some";
  allows(key: string): boolean;
  /** Two filters with the same one permit the same keys. */
  readonly fingerprint: string;
}

/** The patterns of the rules that apply; a rule that names none applies to every key. */
type KeyPatterns = readonly (readonly string[] | undefined)[];

const everyKey: KeyFilter = { permits: "all", allows: () => true, fingerprint: "all" };
const noKey: KeyFilter = { permits: "none", allows: () => false, fingerprint: "none" };

/** Deny wins: what both match is not permitted. */
export const compileKeyFilter = (allowed: KeyPatterns, denied: KeyPatterns): KeyFilter => {
  const allow = mergePatterns(allowed);
  const deny = mergePatterns(denied);
  if (allow !== undefined && allow.length === 0) return noKey;
  if (deny === undefined) return noKey;
  if (allow === undefined && deny.length === 0) return everyKey;
  const isAllowed = allow === undefined ? () => true : matchAny(allow);
  const isDenied = matchAny(deny);
  const allows = deny.length === 0 ? isAllowed : (key: string) => isAllowed(key) && !isDenied(key);
  return { permits: "some", allows, fingerprint: JSON.stringify([allow ?? "all", deny]) };
};

/** The keys that two filters permit alike. */
export const bothPermit = (one: KeyFilter, other: KeyFilter): KeyFilter => {
  if (one.permits === "none" || other.permits === "all") return one;
  if (other.permits === "none" || one.permits === "all") return other;
  if (one.fingerprint === other.fingerprint) return one;
  return {
    permits: "some",
    allows: (key) => one.allows(key) && other.allows(key),
    fingerprint: JSON.stringify([one.fingerprint, other.fingerprint]),
  };
};

/** undefined: every key. */
const mergePatterns = (rules: KeyPatterns): readonly string[] | undefined => {
  const patterns = new Set<string>();
  for (const rule of rules) {
    if (rule === undefined || rule.includes("*")) return undefined;
    for (const pattern of rule) patterns.add(pattern);
  }
  return [...patterns].sort();
};

/** Keys and prefixes are looked up, so that a thousand of them cost as much as one. */
const matchAny = (patterns: readonly string[]): ((key: string) => boolean) => {
  const exact = new Set<string>();
  const prefixes = new Set<string>();
  const others: ((key: string) => boolean)[] = [];
  for (const pattern of patterns) {
    const star = pattern.indexOf("*");
    if (star === -1) exact.add(pattern);
    else if (star === pattern.length - 1) prefixes.add(pattern.slice(0, -1));
    else others.push(compilePattern(pattern));
  }
  const lengths = [...new Set([...prefixes].map(({ length }) => length))];
  return (key) =>
    exact.has(key) ||
    lengths.some((length) => length <= key.length && prefixes.has(key.slice(0, length))) ||
    others.some((matches) => matches(key));
};
