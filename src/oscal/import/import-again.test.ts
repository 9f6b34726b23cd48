import { describe, expect, it } from "vitest";
import { createMemoryStore, readSample } from "../../../test/helpers/oscal-samples.ts";
import type { JsonObject } from "../../platform/json.ts";

const metadata = {
  title: "T",
  "last-modified": "2026-01-31T12:00:00Z",
  version: "1",
  "oscal-version": "1.1.2",
};
const uuidOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

const catalogOf = (...ids: string[]) => ({
  catalog: { uuid: uuidOf(0), metadata, controls: ids.map((id) => ({ id, title: id })) },
});

const definitionOf = (...components: readonly [number, string][]) => ({
  "component-definition": {
    uuid: uuidOf(0),
    metadata,
    components: components.map(([number, title]) => ({
      uuid: uuidOf(number),
      type: "software",
      title,
      description: "",
    })),
  },
});

describe("an import over what is stored", () => {
  it("leaves members alone that OSCAL says nothing of", () => {
    const store = createMemoryStore();
    store.import(catalogOf("a"), "c");
    const own = { properties: { owner: "me" }, note: "mine" };
    store.entries.control.set("a", { ...store.entries.control.get("a"), ...own, title: "Changed" });
    store.import(catalogOf("a"), "c");
    expect(store.entries.control.get("a")).toMatchObject({ ...own, title: "a" });
  });

  it("names what the document has no more, and the same keys where it has", () => {
    const store = createMemoryStore();
    store.import(catalogOf("a", "b"), "c");
    const { leftOver } = store.import(catalogOf("b"), "c");
    expect(leftOver).toEqual([{ kind: "control", key: "a" }]);
  });

  it("refuses controls that belong to another document, each with its place", () => {
    const store = createMemoryStore();
    store.import(catalogOf("a", "b"), "first");
    expect(() => store.import(catalogOf("b"), "second")).toThrow(
      "catalog.controls[0].id: the control b belongs to the document first; --prefix sets the two apart",
    );
    store.import(catalogOf("b"), "second", { prefix: "2." });
    expect(store.export("second")).toEqual(catalogOf("b"));
    expect(store.export("first")).toEqual(catalogOf("a", "b"));
  });

  it("refuses a name that a document of another model has", () => {
    const store = createMemoryStore();
    store.import(catalogOf("a"), "same");
    expect(() => store.import(definitionOf([1, "A"]), "same")).toThrow("of the model catalog");
  });

  it("refuses another prefix, under which everything would be there twice", () => {
    const store = createMemoryStore();
    store.import(catalogOf("a"), "c", { prefix: "x-" });
    expect(() => store.import(catalogOf("a"), "c", { prefix: "y-" })).toThrow(
      'catalog: the document c was imported with the prefix "x-"',
    );
    expect([...store.entries.control.keys()]).toEqual(["x-a"]);
  });

  it("refuses an id that makes no key", () => {
    const store = createMemoryStore();
    expect(() => store.import(catalogOf("_a"), "c")).toThrow(
      "catalog.controls[0].id: would make the key",
    );
    store.import(catalogOf("_a"), "c", { prefix: "x" });
    expect(store.export("c")).toEqual(catalogOf("_a"));
  });

  it("calls components by their titles, apart from those of others, and the same again", () => {
    const store = createMemoryStore();
    store.import(definitionOf([1, "My  Database!"], [2, "My Database"], [3, "設定"]), "one");
    store.import(definitionOf([4, "My Database"]), "two");
    const keys = ["my-database", "my-database-2", uuidOf(3), "my-database-3"];
    expect([...store.entries.component.keys()]).toEqual(keys);
    // In another order, with another title: a component is known by its UUID.
    store.import(definitionOf([2, "My Database"], [1, "Renamed"], [3, "設定"]), "one");
    expect([...store.entries.component.keys()]).toEqual(keys);
    expect(store.entries.component.get("my-database")).toMatchObject({ title: "Renamed" });
    expect(store.export("one")).toEqual(
      definitionOf([2, "My Database"], [1, "Renamed"], [3, "設定"]),
    );
  });

  it("refuses a component of more controls than one may name", () => {
    const store = createMemoryStore();
    const ids = Array.from({ length: 1_001 }, (_, index) => `c-${index}`);
    for (const id of ids) store.entries.control.set(id, { title: id });
    const document = definitionOf([1, "A"]);
    const [component] = document["component-definition"].components;
    const requirements = ids.map((id, index) => ({
      uuid: uuidOf(index),
      "control-id": id,
      description: "",
    }));
    Object.assign(component ?? {}, {
      "control-implementations": [
        {
          uuid: uuidOf(9),
          source: "#c",
          description: "",
          "implemented-requirements": requirements,
        },
      ],
    });
    expect(() => store.import(document, "d")).toThrow("implements 1001 controls");
  });

  it("keeps the components that were chosen for a plan, as long as the plan names none", async () => {
    const store = createMemoryStore();
    const plan = await readSample("ifa-assessment-plan");
    store.import(plan, "plan");
    const before = store.entries.assessment.get("plan") as JsonObject;
    store.entries.assessment.set("plan", { ...before, components: ["mine"] });
    const { remarks } = store.import(plan, "plan");
    expect(store.entries.assessment.get("plan")).toMatchObject({ components: ["mine"] });
    expect(remarks).toEqual([
      "a task names the activity 0d243b23-a889-478f-9716-6d4870e56209, which is not in the plan",
    ]);
  });
});
