import type { Json } from "../json.ts";
import { numberFault, radixNumberFault } from "./number-fault.ts";
import { quote } from "./offences.ts";

export interface ResolvedScalar {
  readonly value: Json;
  readonly fault?: string | undefined;
}

/** The tags of scalars in YAML's core schema. */
export type ScalarTag = "str" | "null" | "bool" | "int" | "float";

const literals: ReadonlyMap<string, null | boolean> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((source) => [source, null] as const),
  ...["true", "True", "TRUE"].map((source) => [source, true] as const),
  ...["false", "False", "FALSE"].map((source) => [source, false] as const),
]);

const numberStart = /^[-+.0-9]/;
const decimalNumber = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const radixNumber = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/;
const notFinite = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

function resolvePlain(source: string): ResolvedScalar {
  const literal = literals.get(source);
  if (literal !== undefined) return { value: literal };
  if (!numberStart.test(source)) return { value: source };
  if (decimalNumber.test(source)) return { value: Number(source), fault: numberFault(source) };
  if (radixNumber.test(source)) return { value: Number(source), fault: radixNumberFault(source) };
  if (!notFinite.test(source)) return { value: source };
  return {
    value: null,
    fault: `${source} is no number that JSON can hold; put it in quotes to send a string`,
  };
}

const fits: Readonly<Record<ScalarTag, (value: Json) => boolean>> = {
  str: (value) => typeof value === "string",
  null: (value) => value === null,
  bool: (value) => typeof value === "boolean",
  int: (value) => Number.isInteger(value),
  float: (value) => typeof value === "number",
};

const isScalarTag = (name: string): name is ScalarTag => Object.hasOwn(fits, name);

const tagText = /^(?:!!|!<tag:yaml\.org,2002:)([a-z]+)>?$/;

/** The tag that a document wrote before a scalar (`!!int`; `!` means str), if it is one of ours. */
export function scalarTag(written: string): ScalarTag | undefined {
  if (written === "!") return "str";
  const name = tagText.exec(written)?.[1] ?? "";
  return isScalarTag(name) ? name : undefined;
}

/**
 * The value of a scalar by YAML 1.2's core schema (section 10.3.2): no dates, no `yes` or `on`, no
 * octal by a leading zero. `tag` is an explicit one; a quoted scalar without a tag is `str`.
 */
export function resolveScalar(source: string, tag: ScalarTag | undefined): ResolvedScalar {
  if (tag === "str") return { value: source };
  const scalar = resolvePlain(source);
  if (tag === undefined || scalar.fault !== undefined || fits[tag](scalar.value)) return scalar;
  return { value: null, fault: `${quote(source)} is not a value of !!${tag}` };
}
