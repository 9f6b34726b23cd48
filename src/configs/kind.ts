import type { EffectiveValue, EntryContent, Kind } from "../changes/kind.ts";
import { type FieldError, Problem } from "../errors.ts";
import { isJsonObject, type Json, jsonSizeBytes } from "../platform/json.ts";
import { compileJsonSchema } from "../platform/json-schema/compile-json-schema.ts";

interface ConfigLimits {
  readonly maxValueBytes: number;
  readonly maxValueDepth: number;
}

const maxDescriptionLength = 4_096;

/**
 * Kind `config`: a value is any JSON. Every schema on the way from the weakest layer to a reader
 * holds for what the reader gets, so a stronger layer cannot loosen a weaker one's contract.
 */
export const configKind = (limits: ConfigLimits): Kind => ({
  name: "config",
  published: true,
  checkEntry: (content) => checkEntry(content, limits),
  checkEffective,
  redact: (value) => value,
});

const checkEntry = (content: EntryContent, limits: ConfigLimits): FieldError[] => {
  const errors: FieldError[] = [];
  const sizeBytes = jsonSizeBytes(content.value);
  if (sizeBytes > limits.maxValueBytes) {
    const message = `the value has ${sizeBytes} bytes as JSON; the limit is ${limits.maxValueBytes}`;
    throw new Problem("TOO_LARGE", message, { errors: [{ path: "value", message }] });
  }
  if (exceedsDepth(content.value, limits.maxValueDepth)) {
    const message = `is nested deeper than ${limits.maxValueDepth} levels`;
    errors.push({ path: "value", message });
  }
  if ((content.description?.length ?? 0) > maxDescriptionLength) {
    const message = `has more than ${maxDescriptionLength} characters`;
    errors.push({ path: "description", message });
  }
  if (content.schema !== undefined) errors.push(...schemaErrors(content.schema));
  return errors;
};

const exceedsDepth = (value: Json, levels: number): boolean => {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((member) => exceedsDepth(member, levels - 1));
};

const schemaErrors = (schema: Json): FieldError[] => {
  try {
    compileJsonSchema(schema);
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const errors = error.errors.length > 0 ? error.errors : [{ path: "", message: error.message }];
    return errors.map(({ path, message }) => ({
      path: path === "" ? "schema" : `schema.${path}`,
      message,
    }));
  }
};

const checkEffective = ({ schemas, value }: EffectiveValue): FieldError[] => {
  if (value === null && schemas.length === 0) {
    const message = "null is refused unless a schema allows it; delete the entry to unset it";
    return [{ path: "", message }];
  }
  return schemas.flatMap(({ from, schema }) =>
    validate(schema, value).map(({ path, message }) => ({
      path,
      message: `${message} (schema of ${from})`,
    })),
  );
};

const validate = (schema: Json, value: Json): readonly FieldError[] => {
  try {
    return compileJsonSchema(schema).validate(value);
  } catch (error) {
    // A schema whose evaluation does not end in time refuses the value, not the request.
    if (error instanceof Problem) return [{ path: "", message: error.message }];
    throw error;
  }
};

/** The `type` that the API reports for a value. */
export const typeOf = (value: Json): "string" | "number" | "boolean" | "json" => {
  if (isJsonObject(value) || Array.isArray(value) || value === null) return "json";
  return typeof value as "string" | "number" | "boolean";
};
