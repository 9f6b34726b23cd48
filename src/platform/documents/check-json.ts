import type { FieldError } from "../../errors.ts";
import type { Json } from "../json.ts";
import {
  countFault,
  type DocumentLimits,
  defaultDocumentLimits,
  depthFault,
} from "./document-limits.ts";
import { dottedPath, maxOffences, refuse } from "./offences.ts";
import { nameFault, textFault } from "./text-faults.ts";

interface Check {
  readonly limits: DocumentLimits;
  readonly path: (string | number)[];
  readonly offences: FieldError[];
  nodes: number;
}

function note(check: Check, message: string): void {
  check.offences.push({ path: dottedPath(check.path), message });
  if (check.offences.length >= maxOffences) throw refuse(check.offences);
}

function halt(check: Check, message: string): never {
  throw refuse([...check.offences, { path: dottedPath(check.path), message }]);
}

/** The source text is gone here, so that a number is judged by whether it can have been rounded. */
function checkNumber(check: Check, value: number): void {
  if (!Number.isFinite(value)) note(check, `${value} is no number that JSON can hold`);
  else if (Math.abs(value) > 2 ** 53) {
    note(check, `the number ${value} is beyond 2^53; send it as a string`);
  }
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function checkMember(check: Check, segment: string | number, value: unknown): void {
  check.path.push(segment);
  const fault = typeof segment === "string" ? nameFault(segment) : undefined;
  if (fault !== undefined) note(check, fault);
  checkValue(check, value);
  check.path.pop();
}

function checkContainer(check: Check, value: object): void {
  if (check.path.length >= check.limits.maxDepth) halt(check, depthFault(check.limits));
  if (Array.isArray(value)) {
    // Not forEach, which passes over holes.
    for (let index = 0; index < value.length; index += 1) checkMember(check, index, value[index]);
  } else if (isPlainObject(value)) {
    for (const name of Object.keys(value)) checkMember(check, name, value[name]);
  } else note(check, "is neither a map, a list nor a simple value");
}

function checkValue(check: Check, value: unknown): void {
  check.nodes += 1;
  if (check.nodes > check.limits.maxNodes) halt(check, countFault(check.limits));
  if (value === null || typeof value === "boolean") return;
  if (typeof value === "number") checkNumber(check, value);
  else if (typeof value === "object") checkContainer(check, value);
  else if (typeof value === "string") {
    const fault = textFault(value);
    if (fault !== undefined) note(check, fault);
  } else note(check, `is ${typeof value}, which JSON cannot hold`);
}

/**
 * Checks that a value which did not come through `parseJson` or `parseYaml` is a JSON tree within
 * `limits`. A value that holds itself is over the depth.
 *
 * @throws Problem `INVALID_INPUT` with up to 20 places, each with its dotted path
 */
export function checkJson(
  value: unknown,
  limits: DocumentLimits = defaultDocumentLimits,
): asserts value is Json {
  const check: Check = { limits, path: [], offences: [], nodes: 0 };
  checkValue(check, value);
  if (check.offences.length > 0) throw refuse(check.offences);
}
