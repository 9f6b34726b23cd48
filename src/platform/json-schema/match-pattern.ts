import type { Pattern } from "./compile-pattern.ts";
import { MAX_MATCH_WORK } from "./limits.ts";
import { type Run, refuseCost, spend } from "./run.ts";

/*
 * What a match costs depends on how far RE2 gets with the states that it remembers, so it is
 * charged afterwards. Measured with re2js 2.10.0, for a step of 50 ns: with all states at hand
 * 10 to 45 ns a character; 12 ns for each byte of a new state; and once the memory is full, or on
 * the way without it, up to 30 ns for each character and instruction, rarely 100.
 */
const CHARACTERS_PER_STEP = 2;
const STATE_BYTES_PER_STEP = 4;
const WORK_PER_STEP = 16;

/** Whether a pattern occurs in a text. Throws `UNPROCESSABLE` if that costs too much. */
export const matchesPattern = (pattern: Pattern, text: string, run: Run): boolean => {
  const work = pattern.instructions * text.length;
  if (work > MAX_MATCH_WORK) refuseCost();
  const { dfa } = pattern.set;
  const memoryLeft = dfa.memBudget;
  const found = pattern.set.match(text).length > 0;
  const built = memoryLeft - dfa.memBudget;
  // RE2 drops its start states when it drops all states, and takes one anew at the next match.
  const wasDropped = built < 0 || dfa.startStates.size === 0;
  spend(
    run,
    1 +
      Math.floor(text.length / CHARACTERS_PER_STEP) +
      Math.floor(wasDropped ? work / WORK_PER_STEP : built / STATE_BYTES_PER_STEP),
  );
  return found;
};
