import { describe, expect, it } from "vitest";
import { errorCodesOf } from "./error-codes.ts";
import type { MediaType, OpenApiDocument, ResponseObject } from "./openapi.ts";

const document: OpenApiDocument = {
  openapi: "3.1.0",
  info: { title: "T", version: "1" },
  components: {
    schemas: {
      Problem: {
        type: "object",
        properties: { code: { enum: ["NOT_FOUND", "UNPROCESSABLE", "LARGE_CHANGE"] } },
      },
    },
  },
};

const problem = (media: MediaType): ResponseObject => ({
  description: "A rule refuses it.",
  content: { "application/problem+json": media },
});
const schema = { $ref: "#/components/schemas/Problem" };

describe("the error codes of a response", () => {
  it.each<[string, ResponseObject, string[]]>([
    ["its description", { description: "`LARGE_CHANGE`: too large. NOT_FOUND" }, ["LARGE_CHANGE"]],
    ["its example", problem({ schema, example: { code: "UNPROCESSABLE" } }), ["UNPROCESSABLE"]],
    [
      "its named examples",
      problem({ schema, examples: { a: { value: { code: "LARGE_CHANGE" } } } }),
      ["LARGE_CHANGE"],
    ],
    [
      "its list",
      { description: "", "x-error-codes": ["IDEMPOTENCY_KEY_REUSED", "TEAPOT", 7] },
      ["IDEMPOTENCY_KEY_REUSED"],
    ],
    ["its schema, where nothing else does", problem({ schema }), ["UNPROCESSABLE", "LARGE_CHANGE"]],
    [
      "parts of its schema",
      problem({ schema: { allOf: [{ properties: { code: { const: "UNPROCESSABLE" } } }] } }),
      ["UNPROCESSABLE"],
    ],
    [
      "the status, where even the schema does not",
      problem({}),
      ["UNPROCESSABLE", "LARGE_CHANGE", "IDEMPOTENCY_KEY_REUSED"],
    ],
  ])("are those of its status that %s names", (_, response, codes) => {
    expect(errorCodesOf(document, "422", response)).toEqual(codes);
  });

  it("are none for a status that the catalogue does not have", () => {
    expect(errorCodesOf(document, "418", { description: "UNPROCESSABLE" })).toEqual([]);
    expect(errorCodesOf(document, "default", problem({ schema }))).toEqual([]);
  });
});
