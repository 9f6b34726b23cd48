import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../../test/helpers/arbitrary-json.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { ifConstruct } from "../../../test/helpers/if-construct.ts";
import type { Json, JsonObject } from "../../platform/json.ts";
import { jsonSizeBytes } from "../../platform/json.ts";
import { compileTemplate } from "./compile-template.ts";
import { templateLimits } from "./limits.ts";
import type { TemplateScope } from "./template-run.ts";

type Path = readonly (string | number)[];
type Scope = ReadonlyMap<string, Json>;

const roots = ["attestation", "assessment", "components", "controls", "config"];
const steps = fc.array(fc.constantFrom<string | number>("a", "b", "toString", 0, 1), {
  maxLength: 2,
});
const pathOver = (names: readonly string[]): fc.Arbitrary<Path> =>
  fc
    .tuple(fc.constantFrom(...names), steps)
    .map(([root, rest]) => (root === "config" ? [root, "key.a", ...rest] : [root, ...rest]));

const written = (path: Path): string =>
  path
    .map((part, index) => {
      if (index === 0) return part;
      return typeof part === "number" ? `[${part}]` : `["${part}"]`;
    })
    .join("");

const escapeJson = (value: Json): Json => {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (Array.isArray(value)) return value.map(escapeJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.startsWith("$") ? `$${name}` : name,
      escapeJson(member),
    ]),
  );
};

/** A template as rules rather than as text. */
type Rule =
  | { readonly does: "say"; readonly value: Json }
  | { readonly does: "insert"; readonly path: Path }
  | { readonly does: "join"; readonly paths: readonly Path[] }
  | { readonly does: "list"; readonly items: readonly Rule[] }
  | { readonly does: "map"; readonly members: Readonly<Record<string, Rule>> }
  | { readonly does: "each"; readonly path: Path; readonly name: string; readonly body: Rule }
  | {
      readonly does: "if";
      readonly path: Path;
      readonly yes: Rule;
      readonly other: Rule | undefined;
    }
  | { readonly does: "get"; readonly path: Path; readonly fallback: Rule };

type Where = "list" | "member" | "whole";

const rules = (depth: number, names: readonly string[], where: Where): fc.Arbitrary<Rule> => {
  const path = pathOver(names);
  const leaves = fc.oneof(
    arbitraryJson.map((value): Rule => ({ does: "say", value })),
    path.map((one): Rule => ({ does: "insert", path: one })),
    fc.array(path, { minLength: 2, maxLength: 3 }).map((paths): Rule => ({ does: "join", paths })),
  );
  if (depth === 0) return leaves;
  const inner = (at: Where) => rules(depth - 1, names, at);
  const same = inner(where);
  const branches: fc.Arbitrary<Rule>[] = [
    fc.array(inner("list"), { maxLength: 3 }).map((items): Rule => ({ does: "list", items })),
    fc
      .dictionary(fc.constantFrom("a", "$b", "toString"), inner("member"), { maxKeys: 3 })
      .map((members): Rule => ({ does: "map", members })),
    fc
      .tuple(path, same, where === "whole" ? same : fc.option(same, { nil: undefined }))
      .map(([one, yes, other]): Rule => ({ does: "if", path: one, yes, other })),
    fc.tuple(path, same).map(([one, fallback]): Rule => ({ does: "get", path: one, fallback })),
  ];
  if (where === "list" && names.length < roots.length + 2) {
    const name = `loop${names.length}`;
    const body = rules(depth - 1, [...names, name, name], "list");
    branches.push(
      fc
        .tuple(path, body)
        .map(([one, made]): Rule => ({ does: "each", path: one, name, body: made })),
    );
  }
  return fc.oneof(leaves, ...branches);
};

const templateOf = (rule: Rule): Json => {
  if (rule.does === "say") return escapeJson(rule.value);
  if (rule.does === "insert") return `\${${written(rule.path)}}`;
  if (rule.does === "join") return rule.paths.map((path) => `<\${${written(path)}}`).join("");
  if (rule.does === "list") return rule.items.map(templateOf);
  if (rule.does === "map") {
    return Object.fromEntries(
      Object.entries(rule.members).map(([name, member]) => [
        name.replace(/^\$/, "$$$$"),
        templateOf(member),
      ]),
    );
  }
  const path = written(rule.path);
  if (rule.does === "each") return { $each: path, as: rule.name, render: templateOf(rule.body) };
  if (rule.does === "get") return { $get: path, default: templateOf(rule.fallback) };
  const other = rule.other === undefined ? undefined : templateOf(rule.other);
  return ifConstruct(path, templateOf(rule.yes), other);
};

const found = (scope: Scope, [root = "", ...rest]: Path): Json | undefined => {
  let value = scope.get(String(root));
  for (const part of rest) {
    if (typeof value !== "object" || value === null) return undefined;
    if (Array.isArray(value) !== (typeof part === "number")) return undefined;
    value = new Map(Object.entries(value)).get(String(part));
  }
  return value;
};

class Missing extends Error {}

const need = (scope: Scope, path: Path): Json => {
  const value = found(scope, path);
  if (value === undefined) throw new Missing();
  return value;
};

/** The rules read plainly, without any limit. */
const apply = (rule: Rule, scope: Scope): Json[] => {
  if (rule.does === "say") return [rule.value];
  if (rule.does === "insert") return [need(scope, rule.path)];
  if (rule.does === "join") {
    const texts = rule.paths.map((path) => {
      const value = need(scope, path);
      if (typeof value === "object") throw new Missing();
      return `<${String(value)}`;
    });
    return [texts.join("")];
  }
  if (rule.does === "list") return [rule.items.flatMap((item) => apply(item, scope))];
  if (rule.does === "map") {
    const made: JsonObject = {};
    for (const [name, member] of Object.entries(rule.members)) {
      for (const value of apply(member, scope)) made[name] = value;
    }
    return [made];
  }
  const value = found(scope, rule.path);
  if (rule.does === "get")
    return value === undefined || value === null ? apply(rule.fallback, scope) : [value];
  if (rule.does === "each") {
    if (!Array.isArray(value)) throw new Missing();
    return value.flatMap((item) => apply(rule.body, new Map([...scope, [rule.name, item]])));
  }
  const isNothing = value === undefined || value === null || value === false || value === "";
  const isChosen = !isNothing && JSON.stringify(value) !== "[]";
  const chosen = isChosen ? rule.yes : rule.other;
  return chosen === undefined ? [] : apply(chosen, scope);
};

const scopes = fc
  .tuple(arbitraryJson, arbitraryJson, arbitraryJson, arbitraryJson, fc.option(arbitraryJson))
  .map(([attestation, assessment, components, controls, config]) => ({
    scope: {
      values: { attestation, assessment, components, controls },
      config: (key: string) => (key === "key.a" ? (config ?? undefined) : undefined),
    } satisfies TemplateScope,
    plain: new Map<string, Json>([
      ["attestation", attestation],
      ["assessment", assessment],
      ["components", components],
      ["controls", controls],
      ["config", config === null ? {} : { "key.a": config }],
    ]),
  }));

const outcome = (make: () => Json): { readonly value: Json } | "missing" => {
  try {
    return { value: make() };
  } catch (error) {
    if (error instanceof Missing) return "missing";
    throw error;
  }
};

describe("any template", () => {
  it("makes what its rules say, or says that something is missing", () => {
    fc.assert(
      fc.property(rules(4, roots, "whole"), scopes, (rule, { plain, scope }) => {
        const compiled = compileTemplate(templateOf(rule));
        expect(compiled.errors).toEqual([]);
        const rendered = compiled.render(scope);
        const expected = outcome(() => apply(rule, plain)[0] ?? null);
        expect("value" in rendered ? rendered : "missing").toEqual(expected);
      }),
      { numRuns: 2_000 * effort },
    );
  });

  it("that is escaped says what it holds", () => {
    const texts = fc.stringMatching(/^[${}a.]*$/);
    const names = fc.stringMatching(/^[$]{0,3}[a-c]$/);
    const values = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        texts,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(names, tie("value"), { maxKeys: 3, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(fc.oneof(values, arbitraryJson), scopes, (value, { scope }) => {
        expect(compileTemplate(escapeJson(value)).render(scope)).toEqual({ value });
      }),
      { numRuns: 500 * effort },
    );
  });

  it("is answered in measure, whatever it says", () => {
    const pieces = fc.constantFrom(
      "${",
      "}",
      "$",
      "$each",
      "components",
      ".a",
      "[0]",
      '["',
      "'",
      "x",
    );
    const texts = fc.array(pieces, { maxLength: 8 }).map((list) => list.join(""));
    const names = fc.constantFrom(
      "$each",
      "as",
      "render",
      "$if",
      "then",
      "else",
      "$get",
      "default",
      "$$x",
    );
    const templates = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        texts,
        fc.constantFrom<Json>("components", "a", "${a}", "${components}", 1, null),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(names, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value;
    fc.assert(
      fc.property(templates, scopes, (template, { scope }) => {
        const rendered = compileTemplate(template).render(scope);
        const made = "value" in rendered ? rendered.value : rendered.error.message;
        expect(made).not.toBe(undefined);
        expect(jsonSizeBytes(made)).toBeLessThanOrEqual(templateLimits.outputBytes);
      }),
      { numRuns: 1_000 * effort },
    );
  });
});
