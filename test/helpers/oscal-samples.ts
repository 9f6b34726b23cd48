import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Entries, EntryKind } from "../../src/oscal/entries.ts";
import { exportDocument } from "../../src/oscal/export/export-document.ts";
import { type ImportResult, importDocument } from "../../src/oscal/import/import-document.ts";
import { readOscal } from "../../src/oscal/read-oscal.ts";
import type { Json, JsonObject } from "../../src/platform/json.ts";

export type SampleName =
  | "nist-800-53-rev5-low-catalog"
  | "example-component-definition"
  | "ifa-assessment-plan";

export const sampleNames: readonly SampleName[] = [
  "nist-800-53-rev5-low-catalog",
  "example-component-definition",
  "ifa-assessment-plan",
];

const folder = join(import.meta.dirname, "../data/oscal");

/** The text of a document that NIST has published; test/data/oscal says where. */
export const readSampleText = async (name: SampleName): Promise<string> =>
  name === "nist-800-53-rev5-low-catalog"
    ? gunzipSync(await readFile(join(folder, `${name}.json.gz`))).toString("utf8")
    : readFile(join(folder, `${name}.json`), "utf8");

export const readSample = async (name: SampleName): Promise<JsonObject> =>
  JSON.parse(await readSampleText(name)) as JsonObject;

/** A store of entries in memory, as the mapping sees the real one. */
export interface MemoryStore {
  readonly entries: Entries & Record<EntryKind, Map<string, JsonObject>>;
  /** Imports a valid document as the command line does with `--replace`. */
  import(document: Json, name: string, options?: ImportChoice): ImportResult;
  export(name: string): JsonObject | undefined;
}

interface ImportChoice {
  readonly prefix?: string;
  readonly maxValueBytes?: number;
  readonly components?: readonly string[];
}

export const createMemoryStore = (): MemoryStore => {
  const entries = {
    control: new Map<string, JsonObject>(),
    component: new Map<string, JsonObject>(),
    assessment: new Map<string, JsonObject>(),
    attestation: new Map<string, JsonObject>(),
    oscal: new Map<string, JsonObject>(),
  };
  return {
    entries,
    import(document, name, options = {}) {
      const read = readOscal(document);
      if ("errors" in read) throw new Error(JSON.stringify(read.errors));
      const result = importDocument(read.document, {
        prefix: "",
        ...options,
        name,
        stored: entries,
      });
      // What is stored went through JSON.
      for (const { key, kind, value } of structuredClone(result.entries)) {
        entries[kind].set(key, value);
      }
      for (const { key, kind } of result.leftOver) entries[kind].delete(key);
      for (const key of result.unusedParts) entries.oscal.delete(key);
      return result;
    },
    export: (name) => exportDocument(name, entries),
  };
};
