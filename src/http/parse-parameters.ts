import type { Context } from "hono";
import type { z } from "zod";
import type { ScopeDefaults } from "../context.ts";
import { type FieldError, Problem } from "../errors.ts";
import { textFault } from "../platform/documents/text-faults.ts";
import type { Contract } from "./route.ts";
import { withScopeDefaults } from "./scope-defaults.ts";

/**
 * Path and query parameters as the contract declares them. A name that it does not declare, an empty
 * value and a repeated one are refused: a typing error must not read inherited values.
 *
 * @throws Problem `INVALID_INPUT`
 */
export const parseParameters = (
  contract: Contract,
  c: Context,
  defaults: ScopeDefaults,
): { params: undefined; query: undefined } => ({
  params: parseWith(contract.params, c.req.param()) as undefined,
  query: withScopeDefaults(defaults, () =>
    parseWith(contract.query, readQuery(contract, c.req.url)),
  ) as undefined,
});

const readQuery = (contract: Contract, url: string): Record<string, string> => {
  const start = url.indexOf("?");
  const values: Record<string, string> = {};
  if (start < 0) return values;
  const declared = Object.keys(contract.query?.shape ?? {});
  const errors: FieldError[] = [];
  for (const [name, value] of new URLSearchParams(url.slice(start))) {
    if (!declared.includes(name)) {
      const known = declared.length === 0 ? "none" : declared.join(", ");
      errors.push({ path: name, message: `is not a parameter of this route; known: ${known}` });
    } else if (Object.hasOwn(values, name)) {
      errors.push({ path: name, message: "is given twice" });
    } else if (value === "") {
      errors.push({ path: name, message: "is empty; leave it out instead" });
    } else {
      const fault = textFault(value);
      if (fault === undefined) values[name] = value;
      else errors.push({ path: name, message: fault });
    }
  }
  if (errors.length > 0) throw invalid(errors);
  return values;
};

const parseWith = (schema: z.ZodObject | undefined, values: Record<string, string>): unknown =>
  schema === undefined ? undefined : parseShape(schema, values);

/** Checks a value against a schema, and says of every wrong place what is wrong with it. */
export const parseShape = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(value, { error: inPlainWords });
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap(toFieldErrors));
};

/** Where a schema has no message of its own; undefined leaves it to zod. */
const inPlainWords = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === "invalid_type") {
    const expected = issue.expected === "record" ? "object" : issue.expected;
    if (issue.input === undefined) return "is missing";
    return `must be ${/^[aeiou]/.test(expected) ? "an" : "a"} ${expected}`;
  }
  if (issue.code === "invalid_value") {
    return `must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
  }
  if (issue.code === "too_small") return `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
  return undefined;
};

const unitOf = (origin: string): string =>
  origin === "string" ? " characters long" : origin === "array" ? " items long" : "";

const toFieldErrors = (issue: z.core.$ZodIssue): FieldError[] => {
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: path === "" ? key : `${path}.${key}`,
      message: "is not a member that this route knows",
    }));
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The branch with the fewest faults is the one that was meant.
    const [meant] = issue.errors.toSorted((a, b) => a.length - b.length);
    return (meant ?? []).flatMap((inner) =>
      toFieldErrors({ ...inner, path: [...issue.path, ...inner.path] }),
    );
  }
  return [{ path, message: issue.message }];
};

const invalid = (errors: readonly FieldError[]): Problem => {
  const [first] = errors;
  const detail = first === undefined ? "" : [first.path, first.message].filter(Boolean).join(": ");
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  return new Problem("INVALID_INPUT", `${detail}${more}`, { errors: errors.slice(0, 20) });
};
