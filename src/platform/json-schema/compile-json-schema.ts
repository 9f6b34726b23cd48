import type { FieldError } from "../../errors.ts";
import { type BoundedCache, createBoundedCache } from "../bounded-cache.ts";
import type { Json } from "../json.ts";
import { buildChecks } from "./build-checks.ts";
import { createComplaints } from "./complaints.ts";
import { evaluate } from "./evaluate.ts";
import { indexSchema } from "./index-schema.ts";
import { MAX_CACHED_BYTES, MAX_CACHED_SCHEMAS, PATTERN_MEMORY_BYTES } from "./limits.ts";
import { linkSchema } from "./link-schema.ts";
import { refuseEndlessReferences } from "./refuse-endless-references.ts";
import { createRun } from "./run.ts";
import type { SchemaNode } from "./schema-node.ts";
import { writeCanonicalJson } from "./write-canonical-json.ts";

export interface CompiledSchema {
  /**
   * Checks a value.
   *
   * @returns what is wrong with it: at most `MAX_ERRORS` errors with the dotted path into the value
   * ('' for the value itself), none if it is valid. Messages name parts of the schema, never of the
   * value; paths hold the names of its members.
   * @throws Problem `UNPROCESSABLE` if the check takes more than `MAX_STEPS` steps or nests too deeply
   */
  validate(value: Json): FieldError[];
}

interface Compilation {
  readonly compiled: CompiledSchema;
  /** An estimate of the bytes that it holds. */
  readonly weight: number;
}

const createValidator = (root: SchemaNode, keepsScope: boolean): CompiledSchema => ({
  validate(value) {
    const run = createRun(keepsScope);
    evaluate(root, value, run, undefined);
    return run.errors;
  },
});

/** Measured: what a subschema, a character and an instruction of a pattern take, rounded up. */
const BYTES_PER_NODE = 2_000;
const BYTES_PER_CHARACTER = 8;
const BYTES_PER_INSTRUCTION = 200;

const compile = (text: string): Compilation => {
  const complaints = createComplaints();
  // A copy of our own: what the caller does to its object later must not reach the cache.
  const copy = JSON.parse(text) as Json;
  const document = indexSchema(copy, complaints);
  complaints.throwIfAny();
  const links = linkSchema(document, complaints);
  complaints.throwIfAny();
  refuseEndlessReferences(document, links.references, complaints);
  complaints.throwIfAny();
  for (const node of document.nodes) buildChecks(node, links);
  return {
    compiled: createValidator(document.root, links.dynamicReferences.size > 0),
    weight:
      text.length * BYTES_PER_CHARACTER +
      document.nodes.length * BYTES_PER_NODE +
      links.patternSize * BYTES_PER_INSTRUCTION +
      links.patterns.size * PATTERN_MEMORY_BYTES,
  };
};

const cache: BoundedCache<CompiledSchema> = createBoundedCache(
  MAX_CACHED_SCHEMAS,
  MAX_CACHED_BYTES,
);

/**
 * Reads a JSON Schema (draft 2020-12) that nobody vouches for, once: equal schemas share one
 * compilation. It is interpreted, nothing is generated, and no reference leaves the document.
 * Patterns run on RE2, and the formats in check-format.ts are asserted.
 *
 * @throws Problem `UNPROCESSABLE` with the places in the schema that are wrong: keywords of a wrong
 * type, another `$schema`, references to elsewhere, nowhere or without end, patterns that RE2
 * cannot run, more than `MAX_SCHEMA_DEPTH` levels; `TOO_LARGE` over `MAX_SCHEMA_BYTES`
 */
export const compileJsonSchema = (schema: Json): CompiledSchema => {
  const text = writeCanonicalJson(schema);
  const known = cache.get(text);
  if (known !== undefined) return known;
  const { compiled, weight } = compile(text);
  cache.set(text, compiled, weight);
  return compiled;
};
