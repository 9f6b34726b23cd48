import { type FieldError, Problem } from "../../errors.ts";
import { clip } from "./describe.ts";
import { MAX_ERRORS, MAX_STEPS } from "./limits.ts";
import type { Resource } from "./schema-node.ts";

/** The state of one validation. */
export interface Run {
  stepsLeft: number;
  depth: number;
  /** The way from the whole value to the part at hand. */
  readonly path: string[];
  /** `undefined` while only the verdict is wanted. */
  errors: FieldError[] | undefined;
  errorLimit: number;
  /** Resources entered, outermost first. Kept only for schemas with `$dynamicRef`. */
  readonly scope: Resource[] | undefined;
}

export const createRun = (keepsScope: boolean): Run & { errors: FieldError[] } => ({
  stepsLeft: MAX_STEPS,
  depth: 0,
  path: [],
  errors: [],
  errorLimit: MAX_ERRORS,
  scope: keepsScope ? [] : undefined,
});

const tooCostly = (message: string): Problem =>
  new Problem("UNPROCESSABLE", `The value ${message}`, { errors: [{ path: "", message }] });

export const refuseCost = (): never => {
  throw tooCostly(`takes more than ${MAX_STEPS} steps to check against its JSON Schema`);
};

/** Takes `steps` from the budget. Throws `UNPROCESSABLE` when it is used up. */
export const spend = (run: Run, steps: number): void => {
  run.stepsLeft -= steps;
  if (run.stepsLeft < 0) refuseCost();
};

/** What a comparison of or a scan through a text costs: one step, and one more for 64 characters. */
export const spendText = (run: Run, text: string): void => spend(run, 1 + (text.length >>> 6));

export const refuseDepth = (): never => {
  throw tooCostly("nests too deeply, or its JSON Schema does, to be checked");
};

const MAX_NAME_LENGTH = 100;

/** The dotted path to the part at hand. Names come from the value, so long ones are cut. */
export const valuePath = (run: Run): string =>
  run.path.map((name) => clip(name, MAX_NAME_LENGTH)).join(".");

/** Reports an error at the part at hand; always `false`, so that a check can return it. */
export const fail = (run: Run, message: string): false => {
  const { errors } = run;
  if (errors === undefined || errors.length >= run.errorLimit) return false;
  spend(run, 1 + run.path.length);
  const path = valuePath(run);
  // Schemas that share a definition object to the same thing more than once.
  const isKnown = errors.some((error) => error.path === path && error.message === message);
  if (!isKnown) errors.push({ path, message });
  return false;
};

/** Whether a failed check settles the matter: nobody wants errors, or there are enough of them. */
export const isSettled = (run: Run): boolean =>
  run.errors === undefined || run.errors.length >= run.errorLimit;
