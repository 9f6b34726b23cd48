import { checkEffects } from "./check-effects.ts";
import { checkReads } from "./check-reads.ts";
import { checkStore } from "./check-store.ts";
import { checkStreams } from "./check-streams.ts";
import { checkWrites } from "./check-writes.ts";
import type { History, Violation } from "./history.ts";

/** Everything in a history that breaks a promise. Looks at nothing but the history. */
export const checkHistory = (history: History): readonly Violation[] => [
  ...checkStore(history.store),
  ...checkWrites(history),
  ...checkReads(history),
  ...checkStreams(history),
  ...checkEffects(history),
];
