import { isJsonObject, type Json } from "../json.ts";
import { MAX_EVALUATION_DEPTH } from "./limits.ts";
import { type Run, refuseDepth, spend, spendText } from "./run.ts";

/** Whether a value equals what a schema names. Charges the run for each part compared. */
export const equalJson = (expected: Json, value: Json, run: Run): boolean => {
  if (typeof expected === "string") spendText(run, expected);
  else spend(run, 1);
  if (typeof expected !== "object" || expected === null) return expected === value;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) &&
      value.length === expected.length &&
      expected.every((item, index) => equalJson(item, value[index] ?? null, run))
    );
  }
  if (!isJsonObject(value)) return false;
  const names = Object.keys(expected);
  const { length } = Object.keys(value);
  spend(run, length);
  return (
    length === names.length &&
    names.every(
      (name) =>
        Object.hasOwn(value, name) && equalJson(expected[name] ?? null, value[name] ?? null, run),
    )
  );
};

/**
 * A text that is the same for equal values and for no others. Charges the run for each part.
 *
 * @throws Problem `UNPROCESSABLE` when the value nests too deeply
 */
export const identityOf = (value: Json, run: Run, depth = 0): string => {
  if (depth > MAX_EVALUATION_DEPTH) refuseDepth();
  if (typeof value === "string") spendText(run, value);
  else spend(run, 1);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    return `[${value.map((item) => identityOf(item, run, depth + 1)).join(",")}]`;
  }
  const names = Object.keys(value);
  spend(run, names.length);
  const members = names
    .sort()
    .map((name) => `${JSON.stringify(name)}:${identityOf(value[name] ?? null, run, depth + 1)}`);
  return `{${members.join(",")}}`;
};
