import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldError, Problem } from "../../errors.ts";
import { parseJson } from "./parse-json.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";

const limits = { maxDepth: 64, maxNodes: 1_000_000 };

function refusalsOf(text: string, own = limits): readonly FieldError[] {
  try {
    parseJson(text, own);
  } catch (error) {
    if (error instanceof Problem && error.code === "INVALID_INPUT") return error.errors;
    throw error;
  }
  return [];
}

/** What an edit puts into JSON text to make it wrong, or another JSON text. */
const pieces = [..."{}[],:\"\\0-+.eEutfn1 \n\t\u0001a/'".split(""), "null", "\\u00", "00"];

const messageOf = (text: string): string => refusalsOf(text)[0]?.message ?? "";

const parsesNatively = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe("parseJson reads", () => {
  it("whatever JSON.stringify writes, as JSON.parse does", () => {
    fc.assert(
      fc.property(arbitraryJson, fc.constantFrom(undefined, 2, "\t"), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text, limits)).toStrictEqual(JSON.parse(text));
      }),
    );
  });

  it("every escape", () => {
    expect(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\ud83d\\ude00"', limits)).toBe(
      '"\\/\b\f\n\r\tA😀',
    );
  });

  it("numbers that a double keeps, in any notation", () => {
    const text = "[1.0, 1e3, 0.1, 0.30000000000000004, -0, 9007199254740992, 5e-324]";
    expect(parseJson(text, limits)).toStrictEqual([
      1, 1000, 0.1, 0.30000000000000004, -0, 9007199254740992, 5e-324,
    ]);
  });

  it("the same name in different objects, and names that only begin alike", () => {
    const text = '{"a":{"a":1},"b":[{"a":1},{"a":2}],"aa":1,"__proto":2,"constructors":3}';
    expect(parseJson(text, limits)).toStrictEqual(JSON.parse(text));
  });

  it("exactly as deep and as many values as the limits say", () => {
    const deep = "[".repeat(64) + "]".repeat(64);
    expect(refusalsOf(deep)).toStrictEqual([]);
    expect(refusalsOf(`[${deep}]`)[0]?.message).toContain("deeper than 64 levels");
    const few = { maxDepth: 3, maxNodes: 4 };
    expect(refusalsOf('[1,{"a":2}]', few)).toStrictEqual([]);
    expect(refusalsOf('[1,{"a":2},3]', few)[0]?.message).toContain("more than 4 values");
  });
});

describe("parseJson refuses", () => {
  it("what JSON.parse refuses, and nothing else as a matter of syntax", () => {
    const edit = fc.record({
      at: fc.nat(),
      drop: fc.nat({ max: 2 }),
      insert: fc.constantFrom(...pieces),
    });
    fc.assert(
      fc.property(arbitraryJson, fc.array(edit, { maxLength: 3 }), (value, edits) => {
        let text = JSON.stringify(value);
        for (const { at, drop, insert } of edits) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + insert + text.slice(from + drop);
        }
        const isSyntax = refusalsOf(text).some(({ message }) => message.startsWith("not valid"));
        expect(isSyntax).toBe(!parsesNatively(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["", "expected a JSON value, but the text ends (line 1, column 1)"],
    ['{"a": 1,\n "b" 2}', 'expected ":" after the member name, but found "2" (line 2, column 6)'],
    ['{"a": 1,}', 'expected a member name in double quotes, but found "}" (line 1, column 9)'],
    ["[1, 2", 'expected "," or "]", but the text ends (line 1, column 6)'],
    ["[1 2]", 'expected "," or "]", but found "2"'],
    ['{"a":1]', 'expected "," or "}", but found "]"'],
    ["[1,]", 'expected a JSON value, but found "]"'],
    ["nul", "expected a JSON value"],
    ["NaN", "expected a JSON value"],
    ["01", "expected nothing after the value"],
    ["1.", "expected a digit"],
    ["-", "expected a digit"],
    ["1e+", "expected a digit"],
    ["{} {}", 'expected nothing after the value, but found "{" (line 1, column 4)'],
    ['"a\nb"', "expected control characters in a string to be escaped"],
    ['"a', "expected the string's closing"],
    ['"\\x41"', "expected an escape"],
    ['"\\u12"', "expected four hexadecimal digits"],
    ["\uFEFF1", "expected a JSON value, but found U+FEFF"],
  ])("%j, saying where it went wrong", (text, message) => {
    expect(messageOf(text)).toContain(message);
  });

  it("a name given twice in one object, naming both places", () => {
    expect(refusalsOf('{"operations": [{"key": "a",\n  "key": "b"}]}')).toStrictEqual([
      {
        path: "operations.0.key",
        message: 'the name "key" is given twice, first at line 1, column 18 (line 2, column 3)',
      },
    ]);
    expect(messageOf('{"key":1,"\\u006bey":2}')).toContain("is given twice");
  });

  it("a name given twice among many", () => {
    const members = Array.from({ length: 50 }, (_, index) => `"n${index}":{"n1":1,"n2":2}`);
    expect(refusalsOf(`{${members.join(",")}}`)).toStrictEqual([]);
    expect(refusalsOf(`{${members.join(",")},"n3":1}`)[0]?.path).toBe("n3");
    expect(refusalsOf(`{${members.join(",")},"n49":1}`)[0]?.path).toBe("n49");
  });

  it.each(["__proto__", "constructor", "prototype"])("the name %s, escaped or not", (name) => {
    const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, "0")}${name.slice(1)}`;
    for (const spelled of [name, escaped]) {
      const [refusal] = refusalsOf(`{"a":[{"${spelled}":{"polluted":true}}]}`);
      expect(refusal?.path).toBe(`a.0.${name}`);
      expect(refusal?.message).toContain("is not allowed");
    }
  });

  it.each([
    ["U+0000 in a value", '{"a":"x\\u0000"}', "a", "U+0000"],
    ["U+0000 in a name", '{"x\\u0000":1}', "x\0", "the name holds the character U+0000"],
    ["an escaped lone surrogate", '{"a":["\\ud83d"]}', "a.0", "half of a surrogate pair"],
    ["an escaped low surrogate first", '["\\ude00\\ud83d"]', "0", "half of a surrogate pair"],
    ["a raw lone surrogate", '["\ud83d"]', "0", "half of a surrogate pair"],
    ["a lone surrogate in a name", '{"\\udc00":1}', "\uFFFD", "the name holds half"],
  ])("%s", (_, text, path, reason) => {
    const [refusal, ...others] = refusalsOf(text);
    expect(refusal?.path).toBe(path);
    expect(refusal?.message).toContain(reason);
    expect(others).toStrictEqual([]);
  });

  it("numbers that would be rounded, by their source text", () => {
    const text = '{"operations":[{"value":{"limit":9007199254740993}},1e400,1e-400,1e20]}';
    const refusals = refusalsOf(text);
    expect(refusals.map(({ path }) => path)).toStrictEqual([
      "operations.0.value.limit",
      "operations.1",
      "operations.2",
      "operations.3",
    ]);
    expect(refusals.every(({ message }) => message.includes("send it as a string"))).toBe(true);
  });

  it("many things at once, up to 20", () => {
    const text = `[${Array.from({ length: 30 }, () => "1e400").join(",")}]`;
    expect(refusalsOf(text)).toHaveLength(20);
    expect(refusalsOf('[1e400, {"a": "\\u0000"}, }')).toHaveLength(3);
  });
});

describe("parseJson stays linear and does not echo", () => {
  const million = 1_000_000;

  it.each([
    ["brackets", "[".repeat(20 * million), "deeper than 64 levels"],
    ["objects in objects", '{"a":'.repeat(million), "deeper than 64 levels"],
    ["a long string without an end", `"${"x".repeat(5 * million)}`, "closing"],
    ["backslashes", `"${"\\".repeat(5 * million + 1)}"`, "closing"],
    ["digits", "1".repeat(5 * million), "beyond 2^53"],
    ["white space", " ".repeat(5 * million), "the text ends"],
    ["one name a million times", `{${'"a":1,'.repeat(million)}"b":1}`, "given twice"],
    ["values", `[${"0,".repeat(2 * million)}0]`, "more than 1000000 values"],
    ["escaped surrogates", `"${"\\ud800".repeat(million)}"`, "half of a surrogate pair"],
    ["a long word", "x".repeat(5 * million), "expected a JSON value"],
    ["long names", `{"${"n".repeat(million)}":${'{"m":'.repeat(20)}1e400`, "beyond 2^53"],
  ])(
    "on %s",
    (_, text, reason) => {
      const refusals = refusalsOf(text);
      expect(refusals[0]?.message).toContain(reason);
      expect(JSON.stringify(refusals).length).toBeLessThan(20 * 1000);
    },
    10_000,
  );
});
