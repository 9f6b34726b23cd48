/**
 * What ECMA-262 (with the u flag) and RE2 both know after a backslash. Backreferences, and letters
 * that mean nothing, are left out: the translation to RE2 would turn some of them into literals.
 */
const escape =
  /\\(?:[nrtfvdDsSwWbB]|[pP](?:[A-Z]|\{[^{}]*\})|c[A-Za-z]|x[0-9A-Fa-f]{2}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|0(?![0-9])|[^A-Za-z0-9])/uy;
const group = /\((?!\?)|\(\?(?::|P?<[A-Za-z])/y;
const repetition = /\{([0-9]{1,5})(?:(,)([0-9]{1,5})?)?\}/y;

/** A class such as `\p{L}` takes as long to read as this many instructions. */
const UNICODE_CLASS_SIZE = 40;

interface Size {
  /** RE2 instructions; with the length of a text, the worst that a match can cost. */
  readonly instructions: number;
  /** The same with what it takes to read the pattern: what compiling it costs. */
  readonly compiling: number;
}

interface Unsupported {
  readonly unsupported: string;
}

const matchAt = (expression: RegExp, text: string, index: number): RegExpExecArray | null => {
  expression.lastIndex = index;
  return expression.exec(text);
};

/** How often a quantifier makes RE2 write out what it repeats. */
const copiesOf = ([, min, comma, max]: RegExpExecArray): number => {
  const least = Number(min);
  if (comma === undefined) return Math.max(least, 1);
  return max === undefined ? least + 1 : Math.max(least, Number(max), 1);
};

const skipEscape = (pattern: string, start: number): number | Unsupported => {
  const found = matchAt(escape, pattern, start);
  return found === null
    ? { unsupported: pattern.slice(start, start + 2) }
    : start + found[0].length;
};

/** The index after a class such as `[^a-z\]]`, or what in it is not supported. */
const skipClass = (pattern: string, start: number): number | Unsupported => {
  let index = start + 1;
  while (index < pattern.length && pattern[index] !== "]") {
    if (pattern[index] === "\\") {
      const found = matchAt(escape, pattern, index);
      if (found === null) return { unsupported: pattern.slice(index, index + 2) };
      index += found[0].length;
    } else {
      index += 1;
    }
  }
  return index + 1;
};

interface Sizes {
  /** Of the groups that are open, the whole pattern being the outermost. */
  readonly open: number[];
  /** Of what a quantifier would repeat. */
  last: number;
  unicodeClasses: number;
}

const addAtom = (sizes: Sizes, size: number): void => {
  sizes.last = size;
  sizes.open.push((sizes.open.pop() ?? 0) + size);
};

/** Gives what was read last another size. */
const repeatAtom = (sizes: Sizes, size: number): void => {
  addAtom(sizes, size - sizes.last);
  sizes.last = size;
};

const stepOverRepetition = (pattern: string, start: number, sizes: Sizes): number => {
  const found = matchAt(repetition, pattern, start);
  if (found === null) addAtom(sizes, 1);
  else repeatAtom(sizes, (sizes.last + 1) * copiesOf(found));
  return start + (found?.[0].length ?? 1);
};

const stepOver = (pattern: string, start: number, sizes: Sizes): number | Unsupported => {
  switch (pattern.charAt(start)) {
    case "\\":
    case "[": {
      const end = pattern[start] === "[" ? skipClass(pattern, start) : skipEscape(pattern, start);
      if (typeof end !== "number") return end;
      sizes.unicodeClasses += pattern.slice(start, end).match(/\\[pP]/g)?.length ?? 0;
      addAtom(sizes, 1);
      return end;
    }
    case "(": {
      const found = matchAt(group, pattern, start);
      if (found === null) return { unsupported: pattern.slice(start, start + 3) };
      // A capture has two instructions; an empty group needs a third.
      sizes.open.push(3);
      return start + found[0].length;
    }
    case ")": {
      const size = sizes.open.length > 1 ? (sizes.open.pop() ?? 0) : 0;
      addAtom(sizes, size);
      return start + 1;
    }
    case "{":
      return stepOverRepetition(pattern, start, sizes);
    case "|":
      addAtom(sizes, 2);
      return start + 1;
    case "*":
    case "+":
    case "?":
      // Two, since what may be empty needs one more than the branch itself.
      repeatAtom(sizes, sizes.last + 2);
      return start + 1;
    default:
      addAtom(sizes, 1);
      return start + 1;
  }
};

/**
 * An upper bound, cheap to find, of the instructions that RE2 will need for a pattern with all its
 * repetitions written out: `(a{100}){10}` is 12 characters and 1,022 instructions. Also says what
 * in a pattern means something else to RE2, or nothing. Patterns that are wrong otherwise pass.
 */
export const measurePattern = (pattern: string): Size | Unsupported => {
  const sizes: Sizes = { open: [3], last: 0, unicodeClasses: 0 };
  let index = 0;
  while (index < pattern.length) {
    const start = index;
    const next = stepOver(pattern, start, sizes);
    if (typeof next !== "number") return next;
    index = next;
  }
  const instructions = sizes.open.reduce((sum, size) => sum + size, 0);
  return { instructions, compiling: instructions + sizes.unicodeClasses * UNICODE_CLASS_SIZE };
};
