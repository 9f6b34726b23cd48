import { listOf } from "./describe.ts";
import { evaluate, firstObjection, passes } from "./evaluate.ts";
import { fail, isSettled, type Run } from "./run.ts";
import type { Check, SchemaNode } from "./schema-node.ts";
import { addSeen, createSeen, type Seen } from "./seen.ts";

const checkAll =
  (nodes: readonly SchemaNode[]): Check =>
  (value, run, seen) => {
    let valid = true;
    for (const node of nodes) {
      // What a failing schema saw is noted too: it does no harm, since the whole fails with it.
      if (evaluate(node, value, run, seen)) continue;
      valid = false;
      if (isSettled(run)) break;
    }
    return valid;
  };

interface Tally {
  readonly matching: number[];
  readonly objections: string[];
}

/** Tries alternatives, at most until `enough` match, or all of them if somebody asks what they saw. */
const tryEach = (
  nodes: readonly SchemaNode[],
  enough: number,
  value: Parameters<Check>[0],
  run: Run,
  seen: Seen | undefined,
): Tally => {
  const tally: Tally = { matching: [], objections: [] };
  for (const [index, node] of nodes.entries()) {
    if (seen === undefined && tally.matching.length >= enough) break;
    const branch = seen && createSeen(run);
    const objection = firstObjection(node, value, run, branch);
    if (objection !== undefined) {
      tally.objections.push(objection);
      continue;
    }
    tally.matching.push(index);
    if (seen !== undefined && branch !== undefined) addSeen(seen, branch, run);
  }
  return tally;
};

const MAX_OBJECTIONS_SHOWN = 3;

const failAlternatives = (run: Run, { objections }: Tally): false => {
  const reasons = [...new Set(objections.filter((objection) => objection !== ""))];
  const shown =
    reasons.length > 0 && reasons.length <= MAX_OBJECTIONS_SHOWN
      ? `: ${reasons.join("; or ")}`
      : "";
  return fail(run, `matches none of the ${objections.length} alternatives${shown}`);
};

const checkAny =
  (nodes: readonly SchemaNode[]): Check =>
  (value, run, seen) => {
    const tally = tryEach(nodes, 1, value, run, seen);
    return tally.matching.length > 0 || failAlternatives(run, tally);
  };

const checkOne =
  (nodes: readonly SchemaNode[]): Check =>
  (value, run, seen) => {
    const tally = tryEach(nodes, 2, value, run, seen);
    if (tally.matching.length === 1) return true;
    if (tally.matching.length === 0) return failAlternatives(run, tally);
    const numbers = listOf(
      tally.matching.slice(0, 2).map((index) => String(index + 1)),
      "and",
    );
    return fail(run, `must match exactly one of the alternatives, but matches ${numbers}`);
  };

const checkNot =
  (node: SchemaNode): Check =>
  (value, run) =>
    !passes(node, value, run) || fail(run, "must not match the schema in not");

const checkIf =
  (condition: SchemaNode, then: SchemaNode | undefined, otherwise: SchemaNode | undefined): Check =>
  (value, run, seen) => {
    const branch = seen && createSeen(run);
    const holds = passes(condition, value, run, branch);
    if (holds && seen !== undefined && branch !== undefined) addSeen(seen, branch, run);
    const node = holds ? then : otherwise;
    return node === undefined || evaluate(node, value, run, seen);
  };

/** Checks for the keywords that apply further schemas to the same value. */
export const combiningChecks = (node: SchemaNode): Check[] => {
  const listed = (keyword: string): SchemaNode[] =>
    [...node.children].flatMap(([step, child]) => (step.startsWith(`${keyword}/`) ? [child] : []));
  const one = (keyword: string): SchemaNode | undefined => node.children.get(keyword);
  const checks: Check[] = [];
  const all = listed("allOf");
  const any = listed("anyOf");
  const exactlyOne = listed("oneOf");
  const not = one("not");
  const condition = one("if");
  if (all.length > 0) checks.push(checkAll(all));
  if (any.length > 0) checks.push(checkAny(any));
  if (exactlyOne.length > 0) checks.push(checkOne(exactlyOne));
  if (not !== undefined) checks.push(checkNot(not));
  if (condition !== undefined) checks.push(checkIf(condition, one("then"), one("else")));
  return checks;
};
