/**
 * Patterns of names: literal text in which each `*` stands for a run of characters, also an empty
 * one. No pattern matches `''`, the scope that names nothing.
 */

/** A test of names, made once for each pattern. */
export const compilePattern = (pattern: string): ((name: string) => boolean) => {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern && name !== "";
  const least = Math.max(1, first.length + last.length);
  const hasEnds = (name: string): boolean =>
    name.length >= least && name.startsWith(first) && name.endsWith(last);
  if (rest.length === 0) return hasEnds;
  return (name) =>
    hasEnds(name) && holdsInOrder(name, rest, first.length, name.length - last.length);
};

/** Each part is taken where it first occurs, so the work is linear in the name. */
const holdsInOrder = (
  name: string,
  parts: readonly string[],
  start: number,
  end: number,
): boolean => {
  let from = start;
  for (const part of parts) {
    const found = name.indexOf(part, from);
    if (found === -1 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
};

/** Whether every name that `inner` matches is matched by `outer` too. */
export const coversPattern = (outer: string, inner: string): boolean =>
  // A character that no name holds stands for what the inner star may be: only a star takes it.
  outer === inner || compilePattern(outer)(inner.replaceAll("*", "\u0000"));

/** Whether some name may match both. Errs towards yes: only their beginnings and ends are compared. */
export const mayOverlap = (one: string, other: string): boolean => {
  if (!one.includes("*")) return compilePattern(other)(one);
  if (!other.includes("*")) return compilePattern(one)(other);
  const [beginOne, endOne] = endsOf(one);
  const [beginOther, endOther] = endsOf(other);
  return (
    (beginOne.startsWith(beginOther) || beginOther.startsWith(beginOne)) &&
    (endOne.endsWith(endOther) || endOther.endsWith(endOne))
  );
};

const endsOf = (pattern: string): [string, string] => [
  pattern.slice(0, pattern.indexOf("*")),
  pattern.slice(pattern.lastIndexOf("*") + 1),
];
