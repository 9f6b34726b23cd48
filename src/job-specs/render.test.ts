import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../platform/json.ts";
import { defaultTemplate } from "./default-template.ts";
import { prepareAttestation, renderJobSpec } from "./render.ts";

const definitions: Readonly<Record<string, Json>> = {
  "assessment/monthly-scan": { title: "Scan", components: [], oscal: { uuid: "a" } },
  "component/database": { title: "Database", controls: ["b", "a"] },
  "component/web": {
    title: "Web",
    description: "Faces the internet",
    properties: { "os.name": "debian" },
    controls: ["a", "c"],
  },
  "control/a": { title: "A", key: "hers", template: "kept", labels: "kept" },
  "control/b": { title: "B" },
  "control/c": { title: "C", oscal: { part: 1 } },
};

const render = (more: JsonObject = {}, config: Readonly<Record<string, Json>> = {}) => {
  const value = {
    title: "Patched",
    assessment: "monthly-scan",
    components: ["database", "web"],
    ...more,
  };
  return renderJobSpec(prepareAttestation("patched", value), {
    definition: (kind, key) => definitions[`${kind}/${key}`],
    config: (key) => config[key],
  });
};

/** The blocks of JSON on the page, in order. */
const documented = async (): Promise<Json[]> => {
  const page = await readFile(new URL("../../docs/job-specs.md", import.meta.url), "utf8");
  return [...page.matchAll(/```json\n(.*?)```/gs)].map(
    ([, text]) => JSON.parse(text ?? "") as Json,
  );
};

describe("a job spec", () => {
  it("is what the documentation says", async () => {
    const [template = null, expected, shownDefault] = await documented();
    const { result } = render({ template }, { "patch-days": 30 });
    expect(result).toMatchObject({ spec: expected });
    expect(shownDefault).toEqual(defaultTemplate);
  });

  it("holds each control once, by key, and entries under their own keys", () => {
    const template = ["${controls}", "${controls[2].oscal.part}"];
    expect(render({ template }).result).toMatchObject({
      spec: [
        [
          { key: "a", title: "A", template: "kept", labels: "kept" },
          { key: "b", title: "B" },
          { key: "c", title: "C" },
        ],
        1,
      ],
    });
  });

  it("shows what is left aside of an attestation by name only", () => {
    const more = { labels: { os: "linux" }, intervalSeconds: 5, oscal: { uuid: "x" } };
    const template = {
      whole: "${attestation}",
      named: "${attestation.labels.os} ${attestation.intervalSeconds} ${attestation.oscal.uuid}",
    };
    const { result } = render({ ...more, template });
    expect(result).toHaveProperty("spec", {
      whole: {
        key: "patched",
        title: "Patched",
        assessment: "monthly-scan",
        components: ["database", "web"],
      },
      named: "linux 5 x",
    });
    expect(render({ ...more, template: "${attestation.template}" }).result).toHaveProperty("error");
  });

  it("has the same hash whenever it says the same", () => {
    const hashOf = (template: Json) => {
      const { result } = render({ template });
      return "hash" in result ? result.hash : undefined;
    };
    expect(hashOf({ a: 1, b: "${attestation.key}" })).toBe(hashOf({ b: "patched", a: 1 }));
    expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
    // printf '{"a":1}' | sha256sum
    expect(hashOf({ a: 1 })).toBe(
      "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
    );
  });

  it("hangs on all that was looked up, found or not", () => {
    const template = { $get: "config.size", default: { $get: "config.other", default: 0 } };
    const { dependencies } = render({ template, app: "shop" });
    const named = dependencies.map(
      ({ app, environment, key, kind }) => `${kind} ${key} ${app}/${environment}`,
    );
    expect(named.sort()).toEqual([
      "assessment monthly-scan /",
      "attestation patched /",
      "component database /",
      "component web /",
      "config other shop/",
      "config size shop/",
      "control a /",
      "control b /",
      "control c /",
    ]);
  });

  it("that names what is not there is an error that says where, and hangs on it", () => {
    const { dependencies, result } = render({ components: ["web", "none"] });
    expect(result).toEqual({
      error: { path: "components.1", message: 'there is no component "none"' },
    });
    expect(dependencies).toContainEqual({
      kind: "component",
      app: "",
      environment: "",
      key: "none",
    });
  });
});
