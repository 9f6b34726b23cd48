import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryOscal } from "../../test/helpers/arbitrary-oscal.ts";
import { effort } from "../../test/helpers/effort.ts";
import { createMemoryStore, readSample, sampleNames } from "../../test/helpers/oscal-samples.ts";
import {
  assessmentShape,
  componentShape,
  controlShape,
  oscalShape,
} from "../job-specs/kinds/shapes.ts";
import { type Json, type JsonObject, jsonEqual, jsonSizeBytes } from "../platform/json.ts";
import { keyPattern } from "../platform/names.ts";
import { type MappedEntry, objectsOf } from "./entries.ts";

const shapes = {
  control: controlShape,
  component: componentShape,
  assessment: assessmentShape,
  oscal: oscalShape,
};

/** What the server would say of an entry, beside its references. */
const expectStorable = ({ key, kind, value }: MappedEntry): void => {
  expect(key).toMatch(keyPattern);
  if (kind === "attestation") throw new Error("no document makes attestations");
  expect(shapes[kind].safeParse(value).error?.issues, `${kind} ${key}`).toBeUndefined();
};

describe("import and export again", () => {
  it.each(sampleNames)("gives %s back as it was", async (name) => {
    const sample = await readSample(name);
    const store = createMemoryStore();
    const { entries } = store.import(sample, name);
    for (const entry of entries) {
      expectStorable(entry);
      expect(jsonSizeBytes(entry.value)).toBeLessThan(256 * 1024);
    }
    expect(store.export(name)).toEqual(sample);
  });

  it.each([
    ["nist-800-53-rev5-low-catalog", 5_000],
    ["example-component-definition", 900],
    ["ifa-assessment-plan", 1_200],
  ] as const)("gives %s back where an entry holds but %i bytes", async (name, maxValueBytes) => {
    const sample = await readSample(name);
    const store = createMemoryStore();
    const { entries } = store.import(sample, name, { maxValueBytes, prefix: "low-" });
    for (const entry of entries) {
      expectStorable(entry);
      expect(jsonSizeBytes(entry.value)).toBeLessThan(maxValueBytes * 2);
    }
    const parts = entries.filter(({ kind }) => kind === "oscal").map(({ key }) => key);
    expect(parts.slice(0, 2)).toEqual([name, `${name}:2`]);
    expect(store.export(name)).toEqual(sample);
    // Back in one entry, the parts are not needed any more.
    const again = store.import(sample, name, { prefix: "low-" });
    expect(again.unusedParts).toEqual(parts.slice(1));
    expect(store.export(name)).toEqual(sample);
  });

  it("gives any valid document back, under any prefix and limit", () => {
    fc.assert(
      fc.property(
        arbitraryOscal,
        fc.constantFrom("", "p-", "9:"),
        fc.constantFrom(undefined, 4_000, 20_000),
        (document, prefix, limit) => {
          const store = createMemoryStore();
          store.entries.control.set(`${prefix}ac-1`, { title: "known" });
          const choice = { prefix, ...(limit === undefined ? {} : { maxValueBytes: limit }) };
          const { entries } = store.import(document, "any", choice);
          for (const entry of entries) expectStorable(entry);
          expect(store.export("any")).toEqual(document);
          const keys = entries.map(({ key, kind }) => `${kind}/${key}`);
          expect(new Set(keys).size).toBe(keys.length);
          // Once more, it finds all that it made, and changes nothing.
          const again = store.import(document, "any", choice);
          expect(again.leftOver).toEqual([]);
          expect(again.unusedParts).toEqual([]);
          for (const { key, kind, value } of entries) {
            expect(
              again.entries.find((entry) => entry.kind === kind && entry.key === key)?.value,
            ).toEqual(value);
          }
        },
      ),
      { numRuns: 150 * effort },
    );
  });

  it("holds a catalog of 10 MB", async () => {
    const sample = await readSample("nist-800-53-rev5-low-catalog");
    const catalog = sample["catalog"] as JsonObject;
    const copies: Json[] = Array.from({ length: 10 }, (_, index) => {
      const suffix = (text: string) => `${text}.n${index}`;
      return JSON.parse(
        JSON.stringify(catalog["groups"]).replaceAll(
          /"id":"([^"]+)"/g,
          (_all, id: string) => `"id":"${suffix(id)}"`,
        ),
      );
    }).flat();
    const resources = Array.from({ length: 20_000 }, (_, index) => ({
      uuid: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      remarks: "r".repeat(20),
    }));
    const known = objectsOf(catalog["back-matter"] as JsonObject, "resources");
    const document = {
      catalog: {
        ...catalog,
        groups: copies,
        "back-matter": { resources: [...known, ...resources] },
      },
    };
    expect(JSON.stringify(document).length).toBeGreaterThan(8_000_000);
    const store = createMemoryStore();
    const { entries } = store.import(document, "big");
    expect(entries.filter(({ kind }) => kind === "control")).toHaveLength(1_490);
    expect(entries.filter(({ kind }) => kind === "oscal").length).toBeGreaterThan(5);
    for (const { value } of entries) expect(jsonSizeBytes(value)).toBeLessThan(256 * 1024);
    expect(jsonEqual(store.export("big"), document)).toBe(true);
  });
});
