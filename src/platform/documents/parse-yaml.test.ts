import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldError, Problem } from "../../errors.ts";
import { isJsonObject } from "../json.ts";
import { parseYaml } from "./parse-yaml.ts";
import { arbitraryJson } from "./testing/arbitrary-json.ts";

const limits = { maxDepth: 64, maxNodes: 100_000 };

function refusalsOf(text: string, own = limits): readonly FieldError[] {
  try {
    parseYaml(text, own);
  } catch (error) {
    if (error instanceof Problem && error.code === "INVALID_INPUT") return error.errors;
    throw error;
  }
  return [];
}

/** How many maps and lists stand in more than one place. */
function sharedObjects(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== "object" || value === null) return 0;
  if (seen.has(value)) return 1;
  seen.add(value);
  return Object.values(value).reduce<number>((sum, member) => sum + sharedObjects(member, seen), 0);
}

describe("parseYaml reads", () => {
  it("JSON, which YAML includes", () => {
    fc.assert(
      fc.property(arbitraryJson, (value) => {
        const text = JSON.stringify(value);
        expect(parseYaml(text, limits)).toStrictEqual([JSON.parse(text)]);
      }),
    );
  });

  it("every document of a stream", () => {
    expect(parseYaml("", limits)).toStrictEqual([]);
    expect(parseYaml("# a comment\n", limits)).toStrictEqual([]);
    expect(parseYaml("---\n", limits)).toStrictEqual([null]);
    expect(parseYaml("a: 1\n---\n---\nb: 2\n...\n", limits)).toStrictEqual([
      { a: 1 },
      null,
      { b: 2 },
    ]);
  });

  it("scalars by the core schema of YAML 1.2", () => {
    const words = "[yes, on, 2020-01-01, 1_000, 12:30:45, 0b1, '1', \"true\", !!str 1]";
    expect(parseYaml(words, limits)).toStrictEqual([
      ["yes", "on", "2020-01-01", "1_000", "12:30:45", "0b1", "1", "true", "1"],
    ]);
    const others =
      "[~, null, , TRUE, false, 0o17, 0x1F, +1, .5, 5., 1e3, -0, !!float 1, !!int '2']";
    expect(parseYaml(others.replace(", ,", ", '',"), limits)).toStrictEqual([
      [null, null, "", true, false, 15, 31, 1, 0.5, 5, 1000, -0, 1, 2],
    ]);
  });

  it("block scalars, quotes and comments", () => {
    const text = "a: |\n  x\n  y\nb: >-\n  p\n  q # no comment\nc: 'it''s' # comment\n";
    expect(parseYaml(text, limits)).toStrictEqual([
      { a: "x\ny\n", b: "p q # no comment", c: "it's" },
    ]);
  });

  it("keys as their source text", () => {
    expect(
      parseYaml("1: a\n1.0: b\ntrue: c\n~: d\n0x1: e\n9007199254740993: f", limits),
    ).toStrictEqual([
      { "1": "a", "1.0": "b", true: "c", "~": "d", "0x1": "e", "9007199254740993": "f" },
    ]);
  });

  it("a byte order mark at the start as nothing", () => {
    expect(parseYaml("\uFEFFserver:\n  port: 1", limits)).toStrictEqual([{ server: { port: 1 } }]);
  });

  it("aliases as copies of their own", () => {
    const [document] = parseYaml("a: &x {n: [1]}\nb: *x\nc: [*x]", limits);
    expect(document).toStrictEqual({ a: { n: [1] }, b: { n: [1] }, c: [{ n: [1] }] });
    expect(sharedObjects(document)).toBe(0);
  });

  it("merges, where what the map itself says wins, then the first map merged", () => {
    const text = "base: &b {x: 1, y: 2}\nlist: {x: 0, <<: [*b, {y: 9, z: 3}]}\nquoted: {'<<': 1}";
    expect(parseYaml(text, limits)).toStrictEqual([
      { base: { x: 1, y: 2 }, list: { x: 0, y: 2, z: 3 }, quoted: { "<<": 1 } },
    ]);
  });

  it("a long chain of merges, which is not deep", () => {
    const chain = Array.from({ length: 100 }, (_, n) => `m${n + 1}: &m${n + 1} {<<: *m${n}}`);
    expect(refusalsOf(`m0: &m0 {a: 1}\n${chain.join("\n")}`)).toStrictEqual([]);
  });

  it("exactly as deep as the limit", () => {
    const deep = "[".repeat(64) + "]".repeat(64);
    expect(refusalsOf(deep)).toStrictEqual([]);
    expect(refusalsOf(`[${deep}]`)[0]?.message).toContain("deeper than 64 levels");
    const block = Array.from({ length: 64 }, (_, n) => `${" ".repeat(n)}a:\n`).join("");
    expect(refusalsOf(`${block}${" ".repeat(64)}b`)).toStrictEqual([]);
  });
});

describe("parseYaml refuses", () => {
  it.each([
    [
      "a tab as indentation",
      "a:\n\tb: 1",
      "",
      "tab characters must not be used in indentation (line 2",
    ],
    ["a flow list without an end", "a: [1, 2", "", "(line 1, column 9)"],
    [
      "a name given twice",
      "x:\n  a: 1\n  'a': 2",
      "x.a",
      "first at line 2, column 3 (line 3, column 3)",
    ],
    ["a number as a name given twice", "1: a\n'1': b", "1", "is given twice"],
    ["two merges in one map", "a: {<<: {}, <<: {}}", "a.<<", "is given twice"],
    ["a merge of a number", "a: {<<: 1}", "a.<<", "map or a list of maps"],
    ["a list as a key", "[a]: b", "", "cannot be a key"],
    ["a template's braces", "x: {{ name }}", "x", "cannot be a key"],
    ["a map as a key by alias", "a: &m {b: 1}\n*m : c", "", "cannot be a key"],
    ["a value without a key", ": a", "", "a key is missing"],
    ["infinity", "a: .inf", "a", ".inf is no number that JSON can hold"],
    ["what is not a number", "a: [.NaN]", "a.0", ".NaN is no number that JSON can hold"],
    [
      "a number that would be rounded",
      "a: 9007199254740993",
      "a",
      "send it as a string (line 1, column 4)",
    ],
    ["a hexadecimal number beyond 2^53", "a: 0x20000000000001", "a", "send it as a string"],
    ["a number that would vanish", "a: -1e-400", "a", "would become 0"],
    ["a rounded number behind a key's anchor", "&k 9007199254740993: a\nb: *k", "b", "as a string"],
    ["U+0000 as an escape", 'a: "\\0"', "a", "U+0000"],
    ["U+0000 in the text", "a: \0", "", "null byte"],
    ["a lone surrogate as an escape", 'a: "\\ud800"', "a", "half of a surrogate pair"],
    ["a lone surrogate in quotes", "a: '\ud800'", "a", "half of a surrogate pair"],
    ["an escape past Unicode", 'a: "\\\\\\U04010000"', "a", "\\U04010000"],
    ["an alias without an anchor", "a: *x", "a", "has no anchor"],
    [
      "an alias into another document",
      "a: &x 1\n---\nb: *x",
      "b",
      "(document 2, line 3, column 4)",
    ],
    ["a cycle through a list", "a: &x [1, *x]", "a.1", "stands inside what it names"],
    ["a cycle through a map", "&x a:\n  b: &y {c: *y}", "a.b.c", "stands inside what it names"],
    ["a tag of one's own", "a: !secret b", "a", "!secret is not one of YAML's core schema"],
    ["binary data", "!!binary aGk=", "", "!!binary is not one of YAML's core schema"],
    ["a set", "!!set {a}", "", "!!set is not one of YAML's core schema"],
    ["a tag that does not fit", "!!int x", "", "is not a value of !!int"],
    ["a key that its tag does not fit", "!!int x: 1", "", "is not a value of !!int"],
    ["a tag directive", "%TAG ! tag:x\n---\na", "", "%TAG"],
  ])("%s", (_, text, path, reason) => {
    const [refusal] = refusalsOf(text);
    expect(refusal?.path).toBe(path);
    expect(refusal?.message).toContain(reason);
  });

  it.each(["__proto__", "constructor", "prototype"])(
    "the name %s, however it is spelled",
    (name) => {
      const escaped = `"\\x${name.charCodeAt(0).toString(16)}${name.slice(1)}"`;
      const aliased = `- &n ${name}\n- *n : 1`;
      for (const text of [
        `${name}: {polluted: true}`,
        `'${name}': 1`,
        `${escaped}: 1`,
        `? ${name}\n: 1`,
      ]) {
        expect(refusalsOf(text).map(({ path }) => path)).toStrictEqual([name]);
      }
      expect(refusalsOf(aliased)[0]?.message).toContain("is not allowed");
      expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    },
  );

  it("many things at once, up to 20, with the document that each is in", () => {
    const refusals = refusalsOf("a: 1e400\n---\nb: .nan\nc: [1e-400]");
    expect(refusals.map(({ path }) => path)).toStrictEqual(["a", "b", "c.0"]);
    expect(refusals[0]?.message).toContain("(document 1, line 1, column 4)");
    expect(refusals[2]?.message).toContain("(document 2, line 4, column 5)");
    expect(refusalsOf("- .inf\n".repeat(30))).toHaveLength(20);
  });

  it("a syntax error in a stream, with the document that it is in", () => {
    const text = "# first\na: 1\n---\nb: 2\n---\nc: d: e\n";
    expect(refusalsOf(text)[0]?.message).toContain("(document 3, line 6");
  });

  it("aliases that would repeat without measure", () => {
    const levels = "bcdefghij".split("").map((name, index) => {
      const previous = "abcdefghij".charAt(index);
      return `${name}: &${name} [${Array(9).fill(`*${previous}`).join(",")}]`;
    });
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${levels.join("\n")}`;
    expect(refusalsOf(bomb)[0]?.message).toContain("more than 100000 values");
    const long = `a: &a ${"x".repeat(1_000_000)}\nb: [${"*a,".repeat(1000)}]`;
    expect(refusalsOf(long)[0]?.message).toContain("aliases repeat more than");
    const deep = `a: &a ${"[".repeat(40)}${"]".repeat(40)}\nb: ${"[".repeat(40)}*a${"]".repeat(40)}`;
    expect(refusalsOf(deep)[0]?.message).toContain("deeper than 64 levels");
    const merges = Array.from(
      { length: 600 },
      (_, n) => `m${n + 1}: &m${n + 1} {<<: *m${n}, k${n}: 1}`,
    );
    expect(refusalsOf(`m0: &m0 {a: 1}\n${merges.join("\n")}`)[0]?.message).toContain(
      "100000 values",
    );
  });
});

describe("parseYaml", () => {
  it("gives documents or says what is wrong, whatever the text", () => {
    const words = ["a", "b: ", "- ", "? ", "[", "]", "{", "}", ",", "&x ", "*x", "<<: ", "!!str "];
    const others = [
      "'",
      '"',
      "|\n ",
      ">-\n  ",
      "#",
      "1",
      ".inf",
      "---\n",
      "...\n",
      "\t",
      "\\u",
      "%YAML 1.2\n",
    ];
    const blanks = ["\n", "\n ", "\n  ", "\r\n", " ", "\uFEFF", "\0", "\ud800"];
    const piece = fc.constantFrom(...words, ...others, ...blanks);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join("");
        const refusals = refusalsOf(text);
        expect(refusals.length > 0 || Array.isArray(parseYaml(text, limits))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("parseYaml stays linear and does not echo", () => {
  const million = 1_000_000;

  it.each([
    ["brackets", "[".repeat(50_000), "deeper than 64 levels"],
    ["more brackets", "[".repeat(million), "for more than 100000 values"],
    ["dashes in a line", "- ".repeat(50_000), "deeper than 64 levels"],
    ["lines of dashes", "-\n".repeat(million), "for more than 100000 values"],
    ["values within the size", `[${"a,".repeat(100_000)}]`, "more than 100000 values"],
    ["documents", "---\n".repeat(million), "for more than 100000 values"],
    ["digits", `a: ${"1".repeat(2 * million)}`, "beyond 2^53"],
    ["a long tag", `!${"x".repeat(20 * million)} a`, "a tag is too long"],
    ["a long alias", `*${"x".repeat(million)}`, "has no anchor"],
    ["a long key", `${"x".repeat(million)}: .inf`, "is no number"],
    ["an error after a long line", `${"x".repeat(million)}: b: c`, "not well-formed"],
    ["a list of merges", `<<: [${"{},".repeat(30_000)} 1]`, "to merge"],
  ])(
    "on %s",
    (_, text, reason) => {
      const [refusal] = refusalsOf(text);
      expect(refusal?.message).toContain(reason);
      expect(JSON.stringify(refusal).length).toBeLessThan(1000);
    },
    10_000,
  );

  it("on a flat map of 60,000 keys", () => {
    const text = Array.from({ length: 60_000 }, (_, index) => `key.${index}: ${index}`).join("\n");
    const [document] = parseYaml(text, { maxDepth: 1, maxNodes: 60_001 });
    expect(isJsonObject(document) && Object.keys(document).length).toBe(60_000);
  }, 10_000);

  it("on backslashes", () => {
    const text = `"${"\\\\".repeat(5 * million)}\\U0001F600"`;
    expect(parseYaml(text, limits)).toStrictEqual([`${"\\".repeat(5 * million)}😀`]);
  }, 10_000);
});
