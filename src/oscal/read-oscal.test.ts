import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryJson } from "../../test/helpers/arbitrary-json.ts";
import { arbitraryOscal } from "../../test/helpers/arbitrary-oscal.ts";
import { effort } from "../../test/helpers/effort.ts";
import { createMemoryStore, readSample, sampleNames } from "../../test/helpers/oscal-samples.ts";
import { Problem } from "../errors.ts";
import { isJsonObject, type Json, type JsonObject, jsonEqual } from "../platform/json.ts";
import { readOscal } from "./read-oscal.ts";

const uuid = "11111111-1111-4111-8111-111111111111";
const metadata = {
  title: "T",
  "last-modified": "2026-01-31T12:00:00Z",
  version: "1",
  "oscal-version": "1.1.2",
};

const errorsOf = (value: unknown) => {
  const read = readOscal(value);
  return "errors" in read ? read.errors.map(({ message, path }) => `${path}: ${message}`) : [];
};

const catalogOf = (more: object) => ({ catalog: { uuid, metadata, ...more } });
const componentsOf = (more: object) => ({ "component-definition": { uuid, metadata, ...more } });
const planOf = (more: object) => ({
  "assessment-plan": {
    uuid,
    metadata,
    "import-ssp": { href: "x" },
    "reviewed-controls": { "control-selections": [{}] },
    ...more,
  },
});

describe("reading OSCAL", () => {
  it.each(sampleNames)("takes %s", async (name) => {
    expect(errorsOf(await readSample(name))).toEqual([]);
  });

  it.each([
    ["null", null, ": must be an object with one of"],
    ["a list", [], ": must be an object with one of"],
    ["no model", {}, ": is no model"],
    ["another model", { profile: {} }, "profile: is no model that can be imported"],
    ["results", { "assessment-results": {} }, "assessment-results: is no model"],
    ["two models", { ...catalogOf({}), profile: {} }, "profile: stands beside the catalog"],
    ["a body of text", { catalog: "x" }, "catalog: must be an object"],
    ["no uuid", { catalog: { metadata } }, "catalog.uuid: "],
    [
      "another sort of uuid",
      catalogOf({ uuid: uuid.replace("-4", "-1") }),
      "catalog.uuid: must be a UUID",
    ],
    ["no metadata", { catalog: { uuid } }, "catalog.metadata: "],
    [
      "an unknown version",
      catalogOf({ metadata: { ...metadata, "oscal-version": "2.0.0" } }),
      "catalog.metadata.oscal-version: is a version of OSCAL that is not known",
    ],
    [
      "a time without its offset",
      catalogOf({ metadata: { ...metadata, "last-modified": "2026-01-31T12:00:00" } }),
      "catalog.metadata.last-modified: must be a time",
    ],
    [
      "an id that is no token",
      catalogOf({ groups: [{ title: "G", controls: [{ id: "a b", title: "T" }] }] }),
      "catalog.groups[0].controls[0].id: must be a token",
    ],
    [
      "an id given twice",
      catalogOf({
        controls: [{ id: "a", title: "T" }],
        groups: [
          { title: "G", controls: [{ id: "b", title: "T", controls: [{ id: "a", title: "T" }] }] },
        ],
      }),
      "catalog.groups[0].controls[0].controls[0].id: is the id of controls[0].id too",
    ],
    [
      "a reference to no resource",
      catalogOf({
        controls: [{ id: "a", title: "T", links: [{ href: "#gone", rel: "reference" }] }],
      }),
      "catalog.controls[0].links[0].href: names the resource gone, which is not there",
    ],
    [
      "a responsible party that is not there",
      catalogOf({
        metadata: {
          ...metadata,
          "responsible-parties": [{ "role-id": "r", "party-uuids": [uuid] }],
        },
      }),
      "catalog.metadata.responsible-parties[0].role-id: names the role r",
    ],
    [
      "a component given twice",
      componentsOf({
        components: [1, 2].map(() => ({ uuid, type: "software", title: "T", description: "" })),
      }),
      "component-definition.components[1].uuid: is the uuid of components[0].uuid too",
    ],
    [
      "a capability of no component",
      componentsOf({
        capabilities: [
          {
            uuid,
            name: "n",
            description: "",
            "incorporates-components": [{ "component-uuid": uuid }],
          },
        ],
      }),
      "component-definition.capabilities[0].incorporates-components[0].component-uuid: names the component",
    ],
    [
      "a requirement without its control",
      componentsOf({
        components: [
          {
            uuid,
            type: "software",
            title: "T",
            description: "",
            "control-implementations": [
              { uuid, source: "x", description: "", "implemented-requirements": [{ uuid }] },
            ],
          },
        ],
      }),
      "component-definition.components[0].control-implementations[0].implemented-requirements[0].control-id: ",
    ],
    [
      "a task that waits for none",
      planOf({
        tasks: [
          {
            uuid,
            type: "action",
            title: "T",
            dependencies: [{ "task-uuid": uuid.replaceAll("1", "2") }],
          },
        ],
      }),
      "assessment-plan.tasks[0].dependencies[0].task-uuid: ",
    ],
    ["a plan of no system", planOf({ "import-ssp": {} }), "assessment-plan.import-ssp.href: "],
  ])("refuses %s, and says where", (_what, value, error) => {
    const errors = errorsOf(value);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.map((told) => told.slice(0, error.length))).toContain(error);
  });

  it("refuses names that reach into a prototype, without following them", () => {
    const value: unknown = JSON.parse(
      `{"catalog":{"uuid":"${uuid}","metadata":{"__proto__":{"title":"T"}}}}`,
    );
    expect(errorsOf(value)[0]).toContain("__proto__");
  });

  it("refuses what is nested too deeply", () => {
    let part: Json = { name: "p" };
    for (let depth = 0; depth < 10_000; depth += 1) part = { name: "p", parts: [part] };
    expect(
      errorsOf(catalogOf({ controls: [{ id: "a", title: "T", parts: [part] }] }))[0],
    ).toContain("nested deeper");
  });

  it("names at most 20 places", () => {
    const controls = Array.from({ length: 100 }, () => ({ id: "a b", title: 7 }));
    expect(errorsOf(catalogOf({ controls }))).toHaveLength(20);
    const same = Array.from({ length: 100 }, () => ({ id: "a", title: "T" }));
    expect(errorsOf(catalogOf({ controls: same }))).toHaveLength(20);
  });
});

interface Place {
  readonly holder: Json[] | JsonObject;
  readonly name: string | number;
}

const placesIn = (value: Json): Place[] => {
  if (Array.isArray(value)) {
    return value.flatMap((item, name) => [{ holder: value, name }, ...placesIn(item)]);
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => [
    { holder: value, name },
    ...placesIn(item),
  ]);
};

type Mutation = {
  readonly at: number;
  readonly how: "remove" | "replace" | "repeat";
  readonly by: Json;
};

const arbitraryMutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom("remove", "replace", "repeat"),
  by: fc.oneof(arbitraryJson, fc.constantFrom<Json>("a b", "#gone", "", -1, "x".repeat(2_000))),
});

const mutate = (document: Json, { at, by, how }: Mutation): void => {
  const places = placesIn(document);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const { holder, name } = place;
  if (Array.isArray(holder)) {
    const index = Number(name);
    if (how === "remove") holder.splice(index, 1);
    else if (how === "replace") holder[index] = structuredClone(by);
    else holder.push(structuredClone(holder[index] ?? null));
  } else if (how === "remove") delete holder[name];
  else holder[name] = structuredClone(by);
};

/** Where it is refused; undefined where it is not. */
const placesOf = (document: JsonObject): readonly string[] | undefined => {
  const read = readOscal(document);
  if ("errors" in read) return read.errors.map(({ message, path }) => path || message);
  try {
    createMemoryStore().import(document, "any");
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.errors.map(({ path }) => path);
  }
};

const comeBack = (document: JsonObject): JsonObject | undefined => {
  const store = createMemoryStore();
  store.import(document, "any");
  return store.export("any");
};

/** Refused with a place, or equal after a round trip. */
const isSound = (document: JsonObject): boolean => {
  const places = placesOf(document);
  if (places !== undefined) return places.length > 0 && !places.includes("");
  return jsonEqual(comeBack(document), document);
};

describe("a document that was damaged", () => {
  it("is refused with its place, or comes back as it was", () => {
    expect.hasAssertions();
    fc.assert(
      fc.property(
        arbitraryOscal,
        fc.array(arbitraryMutation, { minLength: 1, maxLength: 3 }),
        (valid, mutations) => {
          const document = structuredClone(valid);
          for (const mutation of mutations) mutate(document, mutation);
          expect(isSound(document)).toBe(true);
        },
      ),
      { numRuns: 400 * effort },
    );
  });

  it("is refused or kept where NIST's own are damaged", async () => {
    expect.hasAssertions();
    const samples = await Promise.all(
      (["example-component-definition", "ifa-assessment-plan"] as const).map(readSample),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(arbitraryMutation, { minLength: 1, maxLength: 3 }),
        (valid, mutations) => {
          const document = structuredClone(valid);
          for (const mutation of mutations) mutate(document, mutation);
          expect(isSound(document)).toBe(true);
        },
      ),
      { numRuns: 400 * effort },
    );
  });
});
