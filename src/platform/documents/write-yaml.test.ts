import * as fc from "fast-check";
import { load, YAML11_SCHEMA } from "js-yaml";
import { describe, expect, it } from "vitest";
import { parseYaml } from "./parse-yaml.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";
import { writeYaml } from "./write-yaml.ts";

describe("writeYaml", () => {
  it("writes any JSON so that parseYaml reads it back", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        expect(parseYaml(writeYaml(value))).toStrictEqual([value]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    "yes",
    "on",
    "012",
    "0x1F",
    "1_000",
    "12:30:45",
    "2020-01-01",
    "~",
    "null",
    "1e3",
    "<<",
  ])(
    "quotes the string %s, which a YAML 1.1 or 1.2 reader would take for something else",
    (text) => {
      expect(load(writeYaml({ a: text }), { schema: YAML11_SCHEMA })).toStrictEqual({ a: text });
      expect(parseYaml(writeYaml({ [text]: text }))).toStrictEqual([{ [text]: text }]);
    },
  );

  it("repeats shared values instead of anchoring them", () => {
    const shared = { port: 1 };
    expect(writeYaml({ a: shared, b: shared })).toBe("a:\n  port: 1\nb:\n  port: 1\n");
  });

  it("keeps lines whole and several lines readable", () => {
    const line = "word ".repeat(40).trim();
    expect(writeYaml({ line })).toBe(`line: ${line}\n`);
    expect(writeYaml({ text: "a\nb\n" })).toBe("text: |\n  a\n  b\n");
  });

  it("writes strings of megabytes", () => {
    const value = { long: "x".repeat(12_000_000), odd: "\u0085\u2028\uFEFF", list: [1, "no"] };
    expect(parseYaml(writeYaml(value))).toStrictEqual([value]);
    const named = { ["n".repeat(200_000)]: "y" };
    expect(parseYaml(writeYaml(named))).toStrictEqual([named]);
  }, 20_000);
});
