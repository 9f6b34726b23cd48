import { describe, expect, it } from "vitest";
import { ifConstruct } from "../../../test/helpers/if-construct.ts";
import type { Json } from "../../platform/json.ts";
import { compileTemplate } from "./compile-template.ts";
import { templateLimits } from "./limits.ts";
import type { TemplateScope } from "./template-run.ts";

const numbers = (count: number): Json[] => Array.from({ length: count }, (_, index) => index);

const scopeOf = (components: Json, attestation: Json = {}): TemplateScope => ({
  values: { attestation, assessment: {}, components, controls: [] },
  config: () => undefined,
});

const nested = (levels: number, inner: Json): Json => {
  let value = inner;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};

/** Loops in each other, each over all components. */
const loops = (depth: number, body: Json): Json => {
  let render = body;
  for (let level = 0; level < depth; level += 1) {
    render = { $each: "components", as: `item${level}`, render };
  }
  return [render];
};

describe("a template that would not end", () => {
  it("ends after a bounded number of steps, whatever its loops make", () => {
    const scope = scopeOf(numbers(1_000));
    const nothing = ifConstruct("attestation.none", 1);
    for (const depth of [2, 3, 4]) {
      expect(compileTemplate(loops(depth, nothing)).render(scope)).toMatchObject({
        error: { message: `takes more than ${templateLimits.steps} steps` },
      });
    }
  });

  it("nests no more loops than there may be", () => {
    expect(compileTemplate(loops(4, 1)).errors).toEqual([]);
    expect(compileTemplate(loops(5, 1)).errors).toMatchObject([
      { message: "loops are nested deeper than 4" },
    ]);
  });
});

describe("a template that would grow", () => {
  const tooLarge = {
    error: { message: `makes the result larger than ${templateLimits.outputBytes} bytes of JSON` },
  };
  const long = "x".repeat(200_000);

  it("stops at the size that a result may have", () => {
    const scope = scopeOf(numbers(1_000), { long, list: numbers(50_000) });
    const templates: Json[] = [
      loops(1, "${attestation.long}"),
      loops(1, "${attestation.list}"),
      loops(1, { [long]: "${item0}" }),
      loops(1, long),
      "${attestation.long} ".repeat(6),
      loops(1, { $get: "attestation.none", default: long }),
    ];
    for (const template of templates) {
      expect(compileTemplate(template).render(scope)).toMatchObject(tooLarge);
    }
  });

  it("counts what it makes as it is written, to the byte", () => {
    // {"a":["…"],"ü":""} has 16 bytes beside the text of "a".
    const make = (length: number) =>
      compileTemplate({ a: ["${attestation.text}"], ü: "${attestation.none}" }).render(
        scopeOf([], { text: "x".repeat(length), none: "" }),
      );
    const most = templateLimits.outputBytes - new TextEncoder().encode('{"a":[""],"ü":""}').length;
    expect(make(most)).toMatchObject({ value: {} });
    expect(make(most + 1)).toMatchObject(tooLarge);
  });

  it("nests its result no deeper than a document may be", () => {
    const scope = scopeOf([], { deep: nested(40, 1) });
    const template = (levels: number) => compileTemplate(nested(levels, "${attestation.deep}"));
    expect(template(24).render(scope)).toHaveProperty("value");
    expect(template(25).render(scope)).toMatchObject({
      error: { message: "nests the result deeper than 64 levels" },
    });
  });
});

describe("a template without measure", () => {
  it("may be nested as deep as it likes, and is refused", () => {
    const message = "is nested deeper than 64 levels";
    expect(compileTemplate(nested(64, "a")).errors).toEqual([]);
    for (const levels of [65, 100_000]) {
      expect(compileTemplate(nested(levels, "a")).errors).toMatchObject([{ message }]);
    }
    let constructs: Json = 1;
    for (let level = 0; level < 100_000; level += 1) {
      constructs = { $get: "attestation.none", default: constructs };
    }
    expect(compileTemplate(constructs).errors).toMatchObject([{ message }]);
  });

  it("names so many keys of configuration and no more, and says where the first one too many is", () => {
    const named = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `\${config.a${index}} \${config.a0}`);
    const most = templateLimits.configKeys;
    const { configKeys, errors } = compileTemplate(named(most));
    expect([configKeys.length, errors]).toEqual([most, []]);
    const message = `names more than ${most} keys of configuration`;
    for (const count of [most + 1, most * 20]) {
      const tooMany = compileTemplate([named(count), ifConstruct("nowhere", 1)]);
      expect(tooMany.errors).toEqual([{ path: `0.${most}`, message }]);
      expect(tooMany.configKeys).toHaveLength(most);
    }
    expect(compileTemplate(named(most * 20).join("")).errors).toEqual([{ path: "", message }]);
  });

  it("is not read on where so much is wrong that nobody is told of more", () => {
    const wrong: Json[] = Array.from({ length: 20 }, () => "${nowhere}");
    const { configKeys, errors } = compileTemplate([...wrong, "${config.a}"]);
    expect(errors).toHaveLength(20);
    expect(configKeys).toEqual([]);
  });

  it("is read once, however it is made", () => {
    const size = 1_000_000;
    const texts = [
      "${".repeat(size / 2),
      "$".repeat(size),
      "$${".repeat(size / 3),
      "${attestation.a}".repeat(size / 16),
      `\${attestation["${"\\".repeat(size)}`,
      `\${attestation["${"a".repeat(size)}`,
      `\${attestation['${"a".repeat(size)}`,
      `\${attestation[${"1".repeat(size)}]}`,
      `\${${"a".repeat(size)}}`,
    ];
    const scope = scopeOf([], { a: 1 });
    for (const text of texts) {
      const compiled = compileTemplate([text, { $get: text, default: 1 }]);
      // Its errors are as short as those of a small one.
      expect(JSON.stringify(compiled.errors).length).toBeLessThan(5_000);
      compiled.render(scope);
    }
    const wide = Array.from({ length: 100_000 }, () => "${attestation.a}");
    expect(compileTemplate(wide).render(scope)).toMatchObject({ error: {} });
    const flat = Object.fromEntries(
      Array.from({ length: 60_000 }, (_, index) => [`n${index}`, index]),
    );
    expect(compileTemplate(flat).render(scope)).toEqual({ value: flat });
  });
});
