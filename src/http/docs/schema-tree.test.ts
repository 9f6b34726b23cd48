import { describe, expect, it } from "vitest";
import { exampleOf } from "./example.ts";
import type { OpenApiDocument, Schema } from "./openapi.ts";
import { renderSchema } from "./schema-tree.ts";
import { constraintWords, typeLabel } from "./schema-words.ts";

const document: OpenApiDocument = {
  openapi: "3.1.0",
  info: { title: "T", version: "1" },
  components: {
    schemas: {
      Node: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string", example: "root" },
          next: { $ref: "#/components/schemas/Node" },
        },
      },
      Tree: {
        type: "object",
        required: ["children"],
        properties: { children: { type: "array", items: { $ref: "#/components/schemas/Tree" } } },
      },
      Loop: { $ref: "#/components/schemas/Loop" },
    },
  },
};

const node: Schema = { $ref: "#/components/schemas/Node" };
const withoutTags = (html: { toString(): string }): string =>
  html
    .toString()
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll(/\s+/g, " ")
    .trim();
const label = (schema: Schema): string => withoutTags(typeLabel(document, schema));
const demands = (schema: Schema): string => constraintWords(schema).map(withoutTags).join("; ");

describe("type labels", () => {
  it.each<[string, Schema]>([
    ["any JSON value", {}],
    ["integer or null", { type: ["integer", "null"] }],
    ["array of Node", { type: "array", items: node }],
    ["array of string or null", { type: ["array", "null"], items: { type: "string" } }],
    ["Node or null", { anyOf: [node, { type: "null" }] }],
    ["Node or null", { allOf: [node, { type: ["object", "null"] }] }],
    ["Node", { allOf: [node, { description: "The first." }] }],
    ["Node and object", { allOf: [node, { type: "object", properties: {} }] }],
    ["string or number", { oneOf: [{ type: "string" }, { type: "number" }, { type: "string" }] }],
    ['"put"', { const: "put" }],
    ['"put"', { type: "string", enum: ["put"] }],
    ["object", { properties: {} }],
    ["#/components/schemas/Lost", { $ref: "#/components/schemas/Lost" }],
  ])("say %s", (words, schema) => {
    expect(label(schema)).toBe(words);
  });

  it("link to named schemas", () => {
    expect(typeLabel(document, node).toString()).toBe('<a href="#schema-Node">Node</a>');
  });
});

describe("constraints", () => {
  it.each<[string, Schema]>([
    ["1 to 256 characters", { type: "string", minLength: 1, maxLength: 256 }],
    ["at most 1 character", { type: "string", maxLength: 1 }],
    ["36 characters", { minLength: 36, maxLength: 36 }],
    ["format uuid; matches ^a$", { format: "uuid", pattern: "^a$" }],
    ["1 to 500", { minimum: 1, maximum: 500 }],
    ["at least 0", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER }],
    [
      "more than 0; less than 1; a multiple of 0.1",
      { exclusiveMinimum: 0, exclusiveMaximum: 1, multipleOf: 0.1 },
    ],
    ["at least 1 item; no item twice", { minItems: 1, uniqueItems: true }],
    ['each item: one of "a" , null', { items: { enum: ["a", null] } }],
    ["at most 50 members; no other members", { maxProperties: 50, additionalProperties: false }],
    ["member names: matches ^x", { propertyNames: { pattern: "^x" } }],
    ["only in answers", { readOnly: true }],
    ["", { type: "string", minLength: 0 }],
  ])("say %s", (words, schema) => {
    expect(demands(schema)).toBe(words);
  });
});

describe("schema trees", () => {
  it("show members with need, default and description, down to those of items", () => {
    const tree = withoutTags(
      renderSchema(document, {
        type: "object",
        required: ["list"],
        properties: {
          list: {
            type: "array",
            items: { type: "object", properties: { deep: { type: "boolean", default: false } } },
          },
        },
        additionalProperties: { type: "string", description: "Free text." },
      }),
    );
    expect(tree).toBe(
      "object list array of object required deep boolean default false any other member string Free text.",
    );
  });

  it("branch where alternatives say more than a type", () => {
    const put: Schema = { type: "object", properties: { op: { const: "put" } } };
    expect(withoutTags(renderSchema(document, { oneOf: [put, node] }))).toBe(
      'object or Node either object op "put" or Node',
    );
    expect(withoutTags(renderSchema(document, { oneOf: [{ type: "string" }, node] }))).toBe(
      "string or Node",
    );
  });

  it("follow a reference once, and end at a recursive or a circular one", () => {
    expect(withoutTags(renderSchema(document, node))).toBe(
      'Node name string required for example "root" next Node',
    );
    expect(withoutTags(renderSchema(document, { $ref: "#/components/schemas/Loop" }))).toBe("Loop");
  });
});

describe("examples made from schemas", () => {
  it.each<[unknown, Schema]>([
    [{ name: "root" }, node],
    [[{ name: "root" }], { type: "array", items: node }],
    [
      { a: 1, b: "x" },
      { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { default: "x" } } }] },
    ],
    ["put", { oneOf: [{ const: "put" }, { const: "delete" }] }],
    [{ children: [] }, { $ref: "#/components/schemas/Tree" }],
    [undefined, {}],
    [undefined, { $ref: "#/components/schemas/Loop" }],
  ])("give %j", (example, schema) => {
    expect(exampleOf(document, schema)).toEqual(example);
  });
});
