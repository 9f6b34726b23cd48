import type { z } from "zod";
import type { Disclosures, EntryContent, Kind, Reference } from "../../changes/kind.ts";
import { type FieldError, Problem } from "../../errors.ts";
import { type Json, jsonSizeBytes } from "../../platform/json.ts";

export interface DefinitionLimits {
  readonly maxValueBytes: number;
}

interface DefinitionTraits<Shape extends z.ZodType> {
  readonly name: string;
  readonly shape: Shape;
  /** Where a valid value names others: member → the kind that it names. */
  readonly references?: Readonly<Record<string, string>>;
  /** Rules that no shape says, of a value that has the shape; `path` is relative to the value. */
  readonly check?: (value: z.output<Shape>) => readonly FieldError[];
  readonly scope?: (value: z.output<Shape>) => ReturnType<NonNullable<Kind["scopeOf"]>>;
  readonly disclosures?: (value: z.output<Shape>) => Disclosures;
}

/**
 * A kind of compliance definition: in the global scope only, of a fixed shape, and never published. What it
 * names exists as long as it names it. Kinds name those before them, so there is no circle.
 */
export const definitionKind = <Shape extends z.ZodType>(
  { check, disclosures, name, references = {}, scope, shape }: DefinitionTraits<Shape>,
  limits: DefinitionLimits,
): Kind => ({
  name,
  published: false,
  isGlobal: true,
  checkEntry(content) {
    requireSize(content.value, limits);
    const parsed = shape.safeParse(content.value);
    const errors = parsed.success
      ? (check?.(parsed.data) ?? []).map(({ message, path }) => ({ path: inValue(path), message }))
      : parsed.error.issues.map(({ message, path }) => ({
          path: inValue(path.join(".")),
          message,
        }));
    return [...errors, ...entryErrors(name, content)];
  },
  referencesOf: (value) =>
    Object.entries(references).flatMap(([member, kind]) => namesIn(value, member, kind)),
  scopeOf: (value) => ofValid(shape, value, scope),
  disclosuresOf: (value) => ofValid(shape, value, disclosures),
  checkEffective: () => [],
  redact: (value) => value,
});

const ofValid = <Shape extends z.ZodType, Result>(
  shape: Shape,
  value: Json,
  read: ((valid: z.output<Shape>) => Result) | undefined,
): Result | undefined => {
  if (read === undefined) return undefined;
  const parsed = shape.safeParse(value);
  return parsed.success ? read(parsed.data) : undefined;
};

const inValue = (path: string): string => (path === "" ? "value" : `value.${path}`);

const requireSize = (value: Json, { maxValueBytes }: DefinitionLimits): void => {
  const sizeBytes = jsonSizeBytes(value);
  if (sizeBytes <= maxValueBytes) return;
  const message = `the value has ${sizeBytes} bytes as JSON; the limit is ${maxValueBytes}`;
  throw new Problem("TOO_LARGE", message, { errors: [{ path: "value", message }] });
};

const entryErrors = (name: string, { merge, schema }: EntryContent): FieldError[] => {
  const errors: FieldError[] = [];
  if (schema !== undefined) {
    errors.push({ path: "schema", message: `a ${name} has a fixed shape, and takes no schema` });
  }
  if (merge !== "replace") {
    errors.push({ path: "merge", message: `a ${name} has one layer, so nothing is merged` });
  }
  return errors;
};

/** Of values that were not checked yet too. */
const namesIn = (value: Json, member: string, kind: string): Reference[] => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  const named = Object.hasOwn(value, member) ? value[member] : undefined;
  if (typeof named === "string") return [{ path: `value.${member}`, kind, key: named }];
  if (!Array.isArray(named)) return [];
  return named.flatMap((key, index) =>
    typeof key === "string" ? [{ path: `value.${member}.${index}`, kind, key }] : [],
  );
};
