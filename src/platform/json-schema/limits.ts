/** What a schema may be, so that reading it is cheap whoever wrote it. */
export const MAX_SCHEMA_BYTES = 64 * 1024;
/** Nested objects and arrays, the schema itself included. */
export const MAX_SCHEMA_DEPTH = 32;
/** Characters of a `$ref`, `$dynamicRef` or `$id`. */
export const MAX_REFERENCE_LENGTH = 1_024;

export const MAX_PATTERN_LENGTH = 1_024;
/** RE2 instructions that one pattern may need, its repetitions written out. */
export const MAX_PATTERN_SIZE = 2_500;
/** The same for all patterns of a schema together. */
export const MAX_SCHEMA_PATTERN_SIZE = 5_000;
/** Instructions times characters of one match. At worst RE2 takes some 30 ns for each. */
export const MAX_MATCH_WORK = 4_000_000;
/** Bytes that one pattern may use to remember states; past that RE2 goes on without. */
export const PATTERN_MEMORY_BYTES = 32 * 1024;

/** Steps of one validation: about one for each keyword that meets a value. */
export const MAX_STEPS = 200_000;
/** Schemas inside schemas that are under way at once; far below what a stack holds. */
export const MAX_EVALUATION_DEPTH = 400;
/** Errors that one validation reports. */
export const MAX_ERRORS = 20;

export const MAX_CACHED_SCHEMAS = 500;
/** An estimate: what all cached schemas together may hold in memory. */
export const MAX_CACHED_BYTES = 32 * 1024 * 1024;
