import type { Json } from "../json.ts";
import { MAX_EVALUATION_DEPTH } from "./limits.ts";
import { isSettled, type Run, refuseDepth, spend, valuePath } from "./run.ts";
import type { Check, SchemaNode } from "./schema-node.ts";
import { addSeen, createSeen, type Seen } from "./seen.ts";

const enterResource = (node: SchemaNode, run: Run): boolean => {
  if (run.scope === undefined || run.scope.at(-1) === node.resource) return false;
  run.scope.push(node.resource);
  return true;
};

const runChecks = (
  checks: readonly Check[],
  value: Json,
  run: Run,
  seen: Seen | undefined,
): boolean => {
  let valid = true;
  for (const check of checks) {
    if (!check(value, run, seen)) {
      valid = false;
      if (isSettled(run)) break;
    }
  }
  return valid;
};

/**
 * Runs every keyword of a subschema on a value.
 *
 * @param outer - collects what was looked at, for the `unevaluated…` keywords of schemas around
 * @throws Problem `UNPROCESSABLE` when the run's budget of steps or depth is used up
 */
export const evaluate = (
  node: SchemaNode,
  value: Json,
  run: Run,
  outer: Seen | undefined,
): boolean => {
  if (node.checks.length === 0 && node.lastChecks.length === 0) return true;
  spend(run, node.checks.length + node.lastChecks.length);
  if (run.depth >= MAX_EVALUATION_DEPTH) refuseDepth();
  run.depth += 1;
  const entered = enterResource(node, run);
  const own = node.lastChecks.length === 0 ? outer : createSeen(run);
  const valid =
    runChecks(node.checks, value, run, own) && runChecks(node.lastChecks, value, run, own);
  if (valid && own !== undefined && outer !== undefined && own !== outer) addSeen(outer, own, run);
  if (entered) run.scope?.pop();
  run.depth -= 1;
  return valid;
};

/** The same for a member or item of the value at hand. */
export const evaluateAt = (node: SchemaNode, value: Json, name: string, run: Run): boolean => {
  run.path.push(name);
  const valid = evaluate(node, value, run, undefined);
  run.path.pop();
  return valid;
};

/** Only the verdict, without a report. */
export const passes = (node: SchemaNode, value: Json, run: Run, seen?: Seen): boolean => {
  const { errors } = run;
  run.errors = undefined;
  const valid = evaluate(node, value, run, seen);
  run.errors = errors;
  return valid;
};

/**
 * The verdict, and the first thing that is wrong, to be told within another message.
 *
 * @returns `undefined` if the value passes; else the reason, empty while nobody asks for reasons
 */
export const firstObjection = (
  node: SchemaNode,
  value: Json,
  run: Run,
  seen?: Seen,
): string | undefined => {
  const { errors, errorLimit } = run;
  // A reason within a reason within a reason helps nobody, so one level is all.
  if (errors === undefined || errorLimit === 1)
    return passes(node, value, run, seen) ? undefined : "";
  const found: NonNullable<Run["errors"]> = [];
  run.errors = found;
  run.errorLimit = 1;
  const valid = evaluate(node, value, run, seen);
  run.errors = errors;
  run.errorLimit = errorLimit;
  if (valid) return undefined;
  const [first] = found;
  if (first === undefined) return "";
  return first.path === valuePath(run) ? first.message : `${first.path} ${first.message}`;
};
