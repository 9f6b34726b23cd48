import { describe, expect, it } from "vitest";
import { createMemoryStore, readSample } from "../../../test/helpers/oscal-samples.ts";
import { isJsonObject, type Json, type JsonObject } from "../../platform/json.ts";

const at = (value: Json | undefined, ...path: (string | number)[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, segment) => {
    if (Array.isArray(inner)) return inner[Number(segment)];
    return isJsonObject(inner) ? inner[segment] : undefined;
  }, value);

const idsAt = (value: Json | undefined, ...path: (string | number)[]): unknown[] =>
  ((at(value, ...path) ?? []) as JsonObject[]).map(({ id }) => id);

const control = (id: string, more: object = {}) => ({ id, title: id.toUpperCase(), ...more });

const catalog = {
  catalog: {
    uuid: "11111111-1111-4111-8111-111111111111",
    metadata: {
      title: "Small",
      "last-modified": "2026-01-31T12:00:00Z",
      version: "1",
      "oscal-version": "1.1.2",
    },
    controls: [control("top")],
    groups: [
      {
        id: "ac",
        title: "Access",
        controls: [
          control("ac-1"),
          control("ac-2", { controls: [control("ac-2.1"), control("ac-2.2")] }),
        ],
      },
      { id: "au", title: "Audit", controls: [control("au-1")] },
      { title: "Without an id", controls: [control("xx-1")] },
    ],
  },
};

const openCatalog = () => {
  const store = createMemoryStore();
  store.import(catalog, "small", { prefix: "s:" });
  const change = (key: string, members: JsonObject) => {
    store.entries.control.set(key, { ...store.entries.control.get(key), ...members });
  };
  return { ...store, change };
};

describe("the export of a catalog", () => {
  it("makes of each control an entry that names what it stands in", () => {
    const { entries } = openCatalog();
    const ids = ["top", "ac-1", "ac-2", "ac-2.1", "ac-2.2", "au-1", "xx-1"];
    expect([...entries.control.keys()]).toEqual(ids.map((id) => `s:${id}`));
    expect(entries.control.get("s:ac-2.1")).toEqual({
      title: "AC-2.1",
      parent: "s:ac-2",
      oscal: { document: "small", control: {} },
    });
    expect(entries.control.get("s:au-1")).toMatchObject({ group: "au" });
    expect(entries.control.get("s:xx-1")).toEqual({
      title: "XX-1",
      oscal: { document: "small", control: {} },
    });
  });

  it("tells another title, and not what OSCAL has no place for", () => {
    const store = openCatalog();
    store.change("s:ac-1", {
      title: "Renamed",
      description: "d",
      properties: { a: 1 },
      owner: "me",
    });
    store.entries.oscal.set("small", { ...store.entries.oscal.get("small"), title: "Mine" });
    const exported = store.export("small");
    expect(at(exported, "catalog", "groups", 0, "controls", 0)).toEqual({
      id: "ac-1",
      title: "Renamed",
    });
    expect(at(exported, "catalog", "metadata", "title")).toBe("Mine");
  });

  it("leaves out what was deleted, and keeps what was in it around it", () => {
    const store = openCatalog();
    store.entries.control.delete("s:ac-2");
    store.entries.control.delete("s:au-1");
    const exported = store.export("small");
    expect(idsAt(exported, "catalog", "groups", 0, "controls")).toEqual([
      "ac-1",
      "ac-2.1",
      "ac-2.2",
    ]);
    expect(at(exported, "catalog", "groups", 1)).toEqual({ id: "au", title: "Audit" });
  });

  it("puts a control where it now says that it stands", () => {
    const store = openCatalog();
    store.change("s:ac-1", { parent: "s:au-1" });
    store.change("s:xx-1", { group: "au" });
    store.change("s:top", { group: "au" });
    const exported = store.export("small");
    expect(idsAt(exported, "catalog", "groups", 0, "controls")).toEqual(["ac-2"]);
    expect(idsAt(exported, "catalog", "groups", 1, "controls")).toEqual(["au-1", "top", "xx-1"]);
    expect(idsAt(exported, "catalog", "groups", 1, "controls", 0, "controls")).toEqual(["ac-1"]);
  });

  it("adds controls that say that they are of the document", () => {
    const store = openCatalog();
    const oscal = { document: "small" };
    store.entries.control.set("s:ac-3", { title: "New", group: "ac", oscal });
    store.entries.control.set("s:ac-3.1", { title: "Newer", parent: "s:ac-3", oscal });
    store.entries.control.set("other", { title: "Of none" });
    const exported = store.export("small");
    expect(at(exported, "catalog", "groups", 0, "controls", 2)).toEqual({
      id: "ac-3",
      title: "New",
      controls: [{ id: "ac-3.1", title: "Newer" }],
    });
  });

  it("refuses controls that are inside one another", () => {
    const store = openCatalog();
    store.change("s:ac-1", { parent: "s:au-1" });
    store.change("s:au-1", { parent: "s:ac-1" });
    expect(() => store.export("small")).toThrow(
      /inside one another: s:au-1, s:ac-1|s:ac-1, s:au-1/,
    );
  });

  it("refuses what has become no valid OSCAL, with its place", () => {
    const store = openCatalog();
    store.change("s:ac-1", { oscal: { document: "small", control: { parts: [{}] } } });
    expect(() => store.export("small")).toThrow("catalog.groups[0].controls[0].parts[0].name");
  });

  it("refuses a document whose entry is not as an import has made it", () => {
    const store = openCatalog();
    store.entries.oscal.set("small", { title: "T", model: "catalog", document: {} });
    expect(() => store.export("small")).toThrow(
      "The oscal entry small is not as an import has made it",
    );
    expect(store.export("unknown")).toBeUndefined();
  });
});

const requirementsOf = (exported: JsonObject | undefined): string[][] =>
  (
    (at(exported, "component-definition", "components", 0, "control-implementations") ?? []) as {
      "implemented-requirements": { "control-id": string }[];
    }[]
  ).map((one) => one["implemented-requirements"].map((item) => item["control-id"]));

describe("the export of a component definition", () => {
  const open = async (known: readonly string[]) => {
    const store = createMemoryStore();
    for (const key of known) store.entries.control.set(key, { title: key });
    const result = store.import(await readSample("example-component-definition"), "mongo");
    const change = (members: JsonObject) => {
      store.entries.component.set("mongodb", {
        ...store.entries.component.get("mongodb"),
        ...members,
      });
    };
    return { ...store, result, change };
  };

  it("leaves out controls that do not exist, and says which and where", async () => {
    const { entries, result } = await open(["sc-8"]);
    expect(result.missingControls.map(({ id }) => id)).toEqual(["sc-8.1", "sa-4.9"]);
    expect(result.missingControls[1]?.place).toBe(
      "component-definition.components[0].control-implementations[0].implemented-requirements[2].control-id",
    );
    expect(entries.component.get("mongodb")).toMatchObject({
      title: "MongoDB",
      controls: ["sc-8"],
      oscal: { document: "mongo", missingControls: ["sc-8.1", "sa-4.9"] },
    });
  });

  it("tells another title, description and other controls", async () => {
    const store = await open(["sc-8", "sc-8.1"]);
    store.change({ title: "Mongo", description: "d", controls: ["sc-8.1", "ac-1"] });
    const exported = store.export("mongo");
    const component = at(exported, "component-definition", "components", 0);
    expect(component).toMatchObject({ title: "Mongo", description: "d", type: "service" });
    // The one that was missing is still implemented by what the document says.
    expect(requirementsOf(exported)).toEqual([["sc-8.1", "sa-4.9"], ["ac-1"]]);
    expect(store.export("mongo")).toEqual(exported);
  });

  it("leaves out what implements nothing any more", async () => {
    const store = await open(["sc-8", "sc-8.1", "sa-4.9"]);
    store.change({ controls: [] });
    expect(at(store.export("mongo"), "component-definition", "components", 0)).not.toHaveProperty(
      "control-implementations",
    );
    store.entries.component.delete("mongodb");
    expect(at(store.export("mongo"), "component-definition")).not.toHaveProperty("components");
  });

  it("adds components that say that they are of the document", async () => {
    const store = await open([]);
    store.entries.component.set("cache", {
      title: "Cache",
      controls: ["9:odd"],
      oscal: { document: "mongo" },
    });
    const added = at(store.export("mongo"), "component-definition", "components", 1);
    expect(added).toMatchObject({ title: "Cache", description: "Cache", type: "software" });
    expect(
      at(added, "control-implementations", 0, "implemented-requirements", 0, "control-id"),
    ).toBe("_9_odd");
  });
});

describe("the export of an assessment plan", () => {
  const open = async (components: readonly string[] = []) => {
    const store = createMemoryStore();
    store.import(await readSample("example-component-definition"), "mongo");
    store.import(await readSample("ifa-assessment-plan"), "plan", { components });
    return store;
  };

  it("keeps the tasks, and names the components that were asked for", async () => {
    const { entries, ...store } = await open(["mongodb"]);
    expect(entries.assessment.get("plan")).toMatchObject({
      title: "IFA GoodRead Assessment Plan",
      components: ["mongodb"],
      oscal: { plan: { tasks: [{ title: "Examine Least Privilege Design and Implementation" }] } },
    });
    expect(store.export("plan")).toEqual(await readSample("ifa-assessment-plan"));
  });

  it("tells other components by their UUIDs, and another title", async () => {
    const store = await open();
    const before = store.entries.assessment.get("plan");
    store.entries.assessment.set("plan", { ...before, title: "Mine", components: ["mongodb"] });
    const exported = store.export("plan");
    expect(at(exported, "assessment-plan", "metadata", "title")).toBe("Mine");
    const subjects = at(exported, "assessment-plan", "assessment-subjects") as JsonObject[];
    expect(subjects).toHaveLength(1);
    expect(subjects[0]).not.toHaveProperty("include-all");
    expect(subjects[0]?.["include-subjects"]).toEqual([
      { "subject-uuid": "91f646c5-b1b6-4786-9ec3-2305a044e217", type: "component" },
    ]);
    // And it is read back as that.
    store.import(exported ?? {}, "plan");
    expect(store.entries.assessment.get("plan")).toMatchObject({ components: ["mongodb"] });
  });

  it("says so when the assessment is gone", async () => {
    const store = await open();
    store.entries.assessment.delete("plan");
    expect(() => store.export("plan")).toThrow("the assessment plan");
  });
});
