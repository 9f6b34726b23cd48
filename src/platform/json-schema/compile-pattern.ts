import { RE2Set } from "re2js";
import { clip } from "./describe.ts";
import { MAX_PATTERN_LENGTH, MAX_PATTERN_SIZE, PATTERN_MEMORY_BYTES } from "./limits.ts";
import { measurePattern } from "./measure-pattern.ts";
import { type Run, spend } from "./run.ts";
import { translatePattern } from "./translate-pattern.ts";

/** A regular expression that runs on RE2: in time linear in the text, whatever the pattern. */
export interface Pattern {
  readonly source: string;
  readonly instructions: number;
  /** What compiling it cost, in the same unit. */
  readonly compiling: number;
  readonly set: RE2Set;
}

/**
 * Compiles a pattern of ECMA-262's syntax, as far as RE2 has it: no look-around, no backreferences,
 * no inline flags; `\s` and `.` are RE2's.
 *
 * @returns the pattern, or a sentence that says why it is refused
 */
export const compilePattern = (source: string): Pattern | string => {
  if (source.length > MAX_PATTERN_LENGTH) {
    return `must be a pattern of at most ${MAX_PATTERN_LENGTH} characters`;
  }
  const measure = measurePattern(source);
  if ("unsupported" in measure) {
    return `uses "${measure.unsupported}", which RE2 patterns do not have (no look-around, no backreferences, no inline flags)`;
  }
  if (measure.compiling > MAX_PATTERN_SIZE) return "must be a simpler pattern: it repeats too much";
  try {
    // A set of one, since only sets let their memory be bounded: a single RE2JS may take 8 MB.
    const set = new RE2Set(RE2Set.UNANCHORED, 0, PATTERN_MEMORY_BYTES);
    set.add(translatePattern(source));
    set.compile();
    return { source, ...measure, set };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "it cannot be read";
    return `is not a pattern that RE2 can run: ${clip(reason, 120)}`;
  }
};

/** Steps that compiling one instruction costs, measured. */
const COMPILE_STEPS_PER_INSTRUCTION = 40;

/** Whether a text of a value is itself a pattern (format `regex`). */
export const isPattern = (text: string, run: Run): boolean => {
  if (text.length > MAX_PATTERN_LENGTH) return false;
  const measure = measurePattern(text);
  if ("unsupported" in measure || measure.compiling > MAX_PATTERN_SIZE) return false;
  spend(run, measure.compiling * COMPILE_STEPS_PER_INSTRUCTION);
  return typeof compilePattern(text) !== "string";
};
