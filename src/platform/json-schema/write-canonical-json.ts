import { Problem } from "../../errors.ts";
import { isJsonObject, type Json } from "../json.ts";
import { refuseSchema } from "./complaints.ts";
import { clip } from "./describe.ts";
import { MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH } from "./limits.ts";

interface Writer {
  /** Characters written so far, at least. */
  length: number;
  readonly path: string[];
}

/** Counts characters before they are written, so that no more than the limit ever is. */
const grow = (writer: Writer, characters: number): void => {
  writer.length += characters;
  if (writer.length <= MAX_SCHEMA_BYTES) return;
  const message = `is larger than ${MAX_SCHEMA_BYTES} bytes of JSON`;
  throw new Problem("TOO_LARGE", `The JSON Schema ${message}`, { errors: [{ path: "", message }] });
};

const writeText = (text: string, writer: Writer): string => {
  grow(writer, text.length + 2);
  return JSON.stringify(text);
};

const writeInside = (value: Json, name: string, writer: Writer): string => {
  writer.path.push(name);
  const text = write(value, writer);
  writer.path.pop();
  return text;
};

const write = (value: Json, writer: Writer): string => {
  if (typeof value === "string") return writeText(value, writer);
  if (typeof value !== "object" || value === null) {
    grow(writer, 1);
    return JSON.stringify(value);
  }
  if (writer.path.length >= MAX_SCHEMA_DEPTH) {
    refuseSchema(
      writer.path.map((name) => clip(name, 100)).join("."),
      `nests deeper than ${MAX_SCHEMA_DEPTH} levels`,
    );
  }
  if (Array.isArray(value)) {
    grow(writer, value.length + 1);
    return `[${value.map((item, index) => writeInside(item, String(index), writer)).join(",")}]`;
  }
  if (!isJsonObject(value)) return "null";
  const names = Object.keys(value);
  grow(writer, names.length + 1);
  const members = names
    .sort()
    .map((name) => `${writeText(name, writer)}:${writeInside(value[name] ?? null, name, writer)}`);
  return `{${members.join(",")}}`;
};

/**
 * A schema as JSON text with sorted members and no spaces: equal schemas give equal texts.
 * Looks at no more of a large or deep schema than it takes to see that it is one.
 *
 * @throws Problem `TOO_LARGE` over `MAX_SCHEMA_BYTES`, `UNPROCESSABLE` over `MAX_SCHEMA_DEPTH`
 */
export const writeCanonicalJson = (schema: Json): string => {
  const writer: Writer = { length: 0, path: [] };
  const text = write(schema, writer);
  // A character is three bytes at most, so small schemas need no counting.
  if (text.length * 3 > MAX_SCHEMA_BYTES) {
    writer.length = 0;
    grow(writer, new TextEncoder().encode(text).length);
  }
  return text;
};
