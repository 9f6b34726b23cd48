import { compilePattern, mayOverlap } from "../permissions/pattern.ts";

export const changeEvent = "dev.fairlead.change.v1";
export const jobSpecEvent = "dev.fairlead.jobspec.v1";
export const disabledEvent = "dev.fairlead.webhook.disabled.v1";
export const testEvent = "dev.fairlead.webhook.test.v1";

/** Whether a pattern can match any event that there may ever be: others are typing errors. */
export const isEventPattern = (pattern: string): boolean => mayOverlap(pattern, "dev.fairlead.*");

/** Whether somebody who asked for these patterns wants events of a type. */
export const wantsEvent = (patterns: readonly string[], type: string): boolean =>
  patterns.some((pattern) => compilePattern(pattern)(type));
