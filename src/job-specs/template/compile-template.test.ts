import { describe, expect, it } from "vitest";
import { ifConstruct } from "../../../test/helpers/if-construct.ts";
import type { Json } from "../../platform/json.ts";
import { compileTemplate } from "./compile-template.ts";
import type { TemplateScope } from "./template-run.ts";

const values: TemplateScope["values"] = {
  attestation: { key: "at", title: "Patched", labels: { os: "linux" }, empty: [], zero: 0 },
  assessment: { key: "as", title: "Look", note: null },
  components: [
    { key: "web", title: "Web", properties: { "os.name": "debian" }, controls: ["ac-1", "ac-2"] },
    { key: "db", title: "Database", controls: [] },
  ],
  controls: [{ key: "ac-1", title: "Policy" }],
};

const configured: Readonly<Record<string, Json>> = { "db.pool": { size: 5 }, flag: false };

const scope: TemplateScope = { values, config: (key) => configured[key] };

const render = (template: Json) => compileTemplate(template).render(scope);
const errorsOf = (template: Json) => compileTemplate(template).errors;

describe("a text", () => {
  it("that is one reference becomes the value itself", () => {
    expect(render("${attestation.labels}")).toEqual({ value: { os: "linux" } });
    expect(render('${ components[0].properties["os.name"] }'.replaceAll(" ", ""))).toEqual({
      value: "debian",
    });
    expect(render("${components[0].properties['os.name']}")).toEqual({ value: "debian" });
    expect(render("${assessment.note}")).toEqual({ value: null });
    expect(render('${config["db.pool"].size}')).toEqual({ value: 5 });
  });

  it("takes texts, numbers and booleans in, and nothing else", () => {
    expect(render('a ${attestation.key}/${config["db.pool"].size} ${config.flag}!')).toEqual({
      value: "a at/5 false!",
    });
    expect(render("a ${attestation.labels}")).toEqual({
      error: { path: "", message: "attestation.labels is a map, which no text can hold" },
    });
    expect(render(["a ${assessment.note}"])).toEqual({
      error: { path: "0", message: "assessment.note is null, which no text can hold" },
    });
  });

  it("says ${ where it is escaped, and $ as it is", () => {
    expect(render("$${a} $$${a} $ $$ {} ${attestation.key}$")).toEqual({
      value: "${a} $${a} $ $$ {} at$",
    });
  });

  it("that names what is not there cannot be rendered", () => {
    expect(render({ a: ["x", "${components[2].title}"] })).toEqual({
      error: { path: "a.1", message: "there is no components[2].title" },
    });
    expect(render("${components.length}")).toMatchObject({ error: {} });
    expect(render("${attestation.key.length}")).toMatchObject({ error: {} });
    expect(render("${config.unknown}")).toEqual({
      error: { path: "", message: "there is no config.unknown" },
    });
  });

  it("finds no member that an object has by birth", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      expect(render(`\${attestation.${name}}`)).toMatchObject({ error: {} });
      expect(render(`\${attestation["${name}"].name}`)).toMatchObject({ error: {} });
    }
  });
});

describe("$each", () => {
  it("puts what it makes of each item in its place in the list", () => {
    const template = [
      "first",
      { $each: "components", as: "component", render: { k: "${component.key}" } },
      "last",
    ];
    expect(render(template)).toEqual({ value: ["first", { k: "web" }, { k: "db" }, "last"] });
  });

  it("can be nested, and leaves out what its $if leaves out", () => {
    const template = [
      {
        $each: "components",
        as: "component",
        render: ifConstruct("component.controls", {
          $each: "component.controls",
          as: "control",
          render: "${component.key}:${control}",
        }),
      },
    ];
    expect(render(template)).toEqual({ value: ["web:ac-1", "web:ac-2"] });
  });

  it("says of which item something is missing", () => {
    const each = { $each: "components", as: "c", render: "${c.properties['os.name']}" };
    expect(render({ list: [each] })).toEqual({
      error: {
        path: "list.0.render",
        message: 'there is no components[1].properties["os.name"]',
      },
    });
  });

  it("takes lists only, and stands in lists only", () => {
    const each = { $each: "attestation.labels", as: "label", render: 1 };
    expect(render([each])).toEqual({
      error: { path: "0", message: "attestation.labels is no list" },
    });
    const message = "$each stands in a list, whose items it makes";
    expect(errorsOf({ a: each })).toEqual([{ path: "a", message }]);
    expect(errorsOf(each)).toEqual([{ path: "", message }]);
  });

  it("binds a name that says nothing else, and only inside", () => {
    const each = (as: Json, body: Json) => [{ $each: "components", as, render: body }];
    expect(errorsOf([...each("c", "${c}"), "${c}"])).toMatchObject([{ path: "1" }]);
    expect(errorsOf(each("config", 1))).toMatchObject([{ path: "0.as" }]);
    expect(errorsOf(each("a b", 1))).toMatchObject([{ path: "0.as" }]);
    expect(errorsOf(each("c", each("c", 1)))).toMatchObject([{ path: "0.render.0.as" }]);
  });
});

describe("$if", () => {
  it("chooses by whether the value counts", () => {
    const choose = (path: string) => render(ifConstruct(path, 1, 2));
    for (const path of ["attestation.zero", "attestation.labels", "components", "attestation"]) {
      expect(choose(path)).toEqual({ value: 1 });
    }
    const none = ["attestation.empty", "attestation.none.at.all", "assessment.note", "config.flag"];
    for (const path of none) expect(choose(path)).toEqual({ value: 2 });
  });

  it("without else leaves a member or an item out", () => {
    const left = ifConstruct("config.flag", 1);
    expect(render({ a: left, b: [left, 2] })).toEqual({ value: { b: [2] } });
    expect(errorsOf(left)).toMatchObject([{ path: "" }]);
  });

  it("looks up no key of configuration on the branch that it does not take", () => {
    const asked: string[] = [];
    const template = ifConstruct("config.flag", "${config.a}", "${config.b}");
    const compiled = compileTemplate(template);
    const config = (key: string): Json | undefined => {
      asked.push(key);
      return key === "b" ? 1 : undefined;
    };
    expect(compiled.render({ values, config })).toEqual({ value: 1 });
    expect(asked).toEqual(["flag", "b"]);
    expect(compiled.configKeys).toEqual(["flag", "a", "b"]);
  });
});

describe("$get", () => {
  it("takes its default where there is nothing, or null", () => {
    const get = (path: string) => render({ $get: path, default: { d: "${attestation.key}" } });
    expect(get("config.unknown")).toEqual({ value: { d: "at" } });
    expect(get("assessment.note")).toEqual({ value: { d: "at" } });
    expect(get("config.flag")).toEqual({ value: false });
  });
});

describe("a template with errors", () => {
  it.each<[string, Json, string, RegExp]>([
    ["an unclosed reference", ["a ${attestation.key"], "0", /has no }/],
    ["a path that is none", { a: "${attestation..key}" }, "a", /has "\." in its path/],
    ["an empty path", { a: "x${}" }, "a", /begins with a name \(character 2/],
    ["a broken name", '${attestation["\\x"]}', "", /is no index or name/],
    ["an index beyond all lists", "${components[99999999999999999999]}", "", /is no index/],
    ["a path of many parts", `\${attestation${".a".repeat(40)}}`, "", /at most 32 parts/],
    ["an unknown name", { a: { b: "${environment.PATH}" } }, "a.b", /no "environment" here/],
    ["all of the configuration", "${config}", "", /config needs a key/],
    ["a key that is none", "${config['a b']}", "", /config needs a key/],
    ["a computed key", "${config[0]}", "", /config needs a key/],
    ["an unknown construct", { a: { $eval: "1" } }, "a.$eval", /is no construct/],
    ["two constructs", { ...ifConstruct("controls", 1, 1), $get: "controls" }, "$get", /member/],
    ["a construct without its members", [{ $each: "controls", as: "c" }], "0.render", /missing/],
    ["a construct over no path", { $get: 5, default: 1 }, "$get", /must be a path/],
    ["a construct over a reference", { $get: "${controls}", default: 1 }, "$get", /begins with/],
    ["a construct over more than a path", { $get: "controls)", default: 1 }, "$get", /continue/],
    ["a forbidden member", JSON.parse('{"a":{"__proto__":1}}') as Json, "a.__proto__", /allowed/],
    [
      "a forbidden member of a construct",
      { ...ifConstruct("controls", 1, 1), constructor: 1 },
      "constructor",
      /is no member/,
    ],
    ["U+0000", ["\0"], "0", /U\+0000/],
  ])("says where: %s", (_, template, path, message) => {
    const compiled = compileTemplate(template);
    expect(compiled.errors[0]).toMatchObject({ path, message: expect.stringMatching(message) });
    expect(compiled.render(scope)).toEqual({ error: compiled.errors[0] });
  });

  it("lists as many as somebody can read", () => {
    const errors = errorsOf(Array.from({ length: 5_000 }, () => "${nothing}"));
    expect(errors).toHaveLength(20);
  });
});

describe("names that begin with $", () => {
  it("are written with two", () => {
    expect(render({ $$ref: "a", $$$x: "${attestation.key}" })).toEqual({
      value: { $ref: "a", $$x: "at" },
    });
  });
});
