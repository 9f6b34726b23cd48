import { type FieldError, Problem } from "../../../errors.ts";
import type { Json } from "../../json.ts";
import { compileJsonSchema } from "../compile-json-schema.ts";

/** The places and messages with which a schema is refused; fails if it is accepted. */
export const schemaErrorsOf = (schema: Json): readonly FieldError[] => {
  try {
    compileJsonSchema(schema);
  } catch (error) {
    if (error instanceof Problem && error.code === "UNPROCESSABLE") return error.errors;
    throw error;
  }
  throw new Error("the schema was accepted");
};

/** The detail of the problem with which checking a value ends; fails if it comes to a verdict. */
export const costRefusalOf = (schema: Json, value: Json): string => {
  const compiled = compileJsonSchema(schema);
  try {
    compiled.validate(value);
  } catch (error) {
    if (error instanceof Problem && error.code === "UNPROCESSABLE") return error.message;
    throw error;
  }
  throw new Error("the value was checked");
};

export const accepts = (schema: Json, value: Json): boolean =>
  compileJsonSchema(schema).validate(value).length === 0;
