import { isJsonObject, type Json } from "../../../src/platform/json.ts";

/** The schemas that model runs use, each with what it accepts in plain words of code. */
export const modelSchemas: readonly (readonly [Json, (value: Json) => boolean])[] = [
  [{ type: "integer" }, (value) => Number.isInteger(value)],
  [{ maximum: 3 }, (value) => typeof value !== "number" || value <= 3],
  [{ type: ["object", "null"] }, (value) => value === null || isJsonObject(value)],
  [{ required: ["a"] }, (value) => !isJsonObject(value) || Object.hasOwn(value, "a")],
  [{}, () => true],
];

export const acceptedBy = (schema: Json, value: Json): boolean => {
  const text = JSON.stringify(schema);
  const known = modelSchemas.find(([candidate]) => JSON.stringify(candidate) === text);
  if (known === undefined) throw new Error(`the model does not know the schema ${text}`);
  return known[1](value);
};
