import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "./failure.ts";
import { parseValue } from "./parse-value.ts";

describe("parseValue", () => {
  it.each([
    ["20", 20],
    ["-5", -5],
    ["1e3", 1000],
    ["true", true],
    ["null", null],
    ['"20"', "20"],
    ['{"a": [1, 2]}', { a: [1, 2] }],
    [" 7 ", 7],
    ["9007199254740991", 9007199254740991],
  ])("reads %s as JSON", (text, value) => {
    expect(parseValue(text)).toEqual({ value });
  });

  it.each(["hello", "", "1.2.3", "0042", "True", "yes", "NaN", "http://a:1/b", "a: 1"])(
    "takes %j as a string",
    (text) => {
      expect(parseValue(text)).toEqual({ value: text });
    },
  );

  it.each([
    "9007199254740993",
    "-12345678901234567890",
    "1e400",
    "0.1234567890123456789",
    "[1e-400]",
  ])("refuses %s, which would be rounded, and names the way out", (text) => {
    expect(() => parseValue(text)).toThrow(/--type string/);
    expect(parseValue(text, "string")).toEqual({ value: text });
  });

  it.each(['{"a": 1, "a": 2}', '{"__proto__": {}}', "[".repeat(1000) + "]".repeat(1000)])(
    "refuses JSON that the server would refuse",
    (text) => {
      expect(() => parseValue(text)).toThrow(Failure);
    },
  );

  it("says so when what looks like JSON is taken as a string", () => {
    expect(parseValue("{a: 1}")).toMatchObject({ value: "{a: 1}", remark: expect.any(String) });
  });

  it("takes any text as it stands with the type string", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(parseValue(text, "string")).toEqual({ value: text });
      }),
    );
  });

  it("gives exactly the value of any JSON text that loses nothing", () => {
    const scalar = fc.oneof(
      fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }),
      fc.constantFrom(null, true, false),
      fc.string(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ depthSize: "small" }, scalar, tie("list"), tie("map")),
      list: fc.array(tie("value"), { maxLength: 4 }),
      map: fc.dictionary(fc.constantFrom("a", "b.c", "é"), tie("value")),
    }));
    fc.assert(
      fc.property(value, (json) => {
        const text = JSON.stringify(json);
        expect(parseValue(text).value).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ["hello", "number"],
    ["true", "number"],
    ["1", "boolean"],
    ["hello", "json"],
    ["{a: 1}", "json"],
  ] as const)("refuses %j as %s", (text, type) => {
    expect(() => parseValue(text, type)).toThrow(Failure);
  });
});
