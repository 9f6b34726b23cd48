import { type FieldError, Problem } from "../../errors.ts";
import type { JsonObject } from "../../platform/json.ts";
import {
  documentOf,
  type Entries,
  type EntryKind,
  type MappedEntry,
  objectOf,
  textOf,
  without,
} from "../entries.ts";
import { fitTitle, original } from "../fit-text.ts";
import type { ImportedModel, OscalDocument } from "../oscal-document.ts";
import { isPartOf, readDocumentEntries, writeDocumentEntries } from "../split/document-entries.ts";
import { mapAssessmentPlan } from "./map-assessment-plan.ts";
import { mapCatalog } from "./map-catalog.ts";
import { mapComponentDefinition } from "./map-component-definition.ts";
import {
  defaultMaxValueBytes,
  type ImportOptions,
  type Mapping,
  type MissingControl,
} from "./mapping.ts";

export interface ImportResult {
  /** Every entry that the document makes, changed or not. */
  readonly entries: readonly MappedEntry[];
  /** Stored entries of the document that it no longer makes. */
  readonly leftOver: readonly { readonly kind: EntryKind; readonly key: string }[];
  /** Stored parts of the document that are not needed any more. */
  readonly unusedParts: readonly string[];
  readonly missingControls: readonly MissingControl[];
  readonly remarks: readonly string[];
}

const maps = {
  catalog: mapCatalog,
  "component-definition": mapComponentDefinition,
  "assessment-plan": mapAssessmentPlan,
} satisfies Record<ImportedModel, (body: JsonObject, options: ImportOptions) => Mapping>;

const kindOfModel = {
  catalog: "control",
  "component-definition": "component",
  "assessment-plan": "assessment",
} as const satisfies Record<ImportedModel, EntryKind>;

/** The members that an import writes; others, such as `properties`, are the entry's own. */
const writtenMembers = {
  control: ["title", "parent", "group", "oscal"],
  component: ["title", "description", "controls", "oscal"],
  assessment: ["title", "components", "oscal"],
} as const;

const keepOwnMembers = (entry: MappedEntry, stored: Entries): MappedEntry => {
  const { key, kind, value } = entry;
  const before = stored[kind].get(key);
  if (before === undefined || kind === "oscal" || kind === "attestation") return entry;
  return { ...entry, value: { ...without(before, ...writtenMembers[kind]), ...value } };
};

const mostErrors = 20;

const refuse = (errors: readonly FieldError[]): never => {
  const [first] = errors;
  throw new Problem("UNPROCESSABLE", `${first?.path}: ${first?.message}`, {
    errors: errors.slice(0, mostErrors),
  });
};

/** A document that is imported again stays what it was, and its entries keep their keys. */
const checkBefore = ({ model }: OscalDocument, { name, prefix, stored }: ImportOptions): void => {
  const before = readDocumentEntries(stored.oscal, name);
  if (before === undefined) return;
  const path = model;
  if (before.model !== model) {
    const message = `there is a document ${name} already, which is of the model ${before.model}; --name calls this one otherwise`;
    refuse([{ path, message }]);
  }
  const told = before.remainder.prefix;
  if (told !== prefix) {
    const message = `the document ${name} was imported with the prefix "${told}"; --name sets another one apart`;
    refuse([{ path, message }]);
  }
};

const remainderOf = (
  { body, schema }: OscalDocument,
  { assessment, content }: Mapping,
  { name, prefix }: ImportOptions,
) => {
  const metadata = objectOf(body, "metadata") ?? {};
  const title = textOf(metadata, "title");
  const remainder = {
    prefix,
    ...(schema === undefined ? {} : { schema }),
    ...original("title", title, fitTitle(title, name)),
    content: { ...content, metadata: without(metadata, "title") },
    ...(assessment === undefined ? {} : { assessment }),
  };
  return { title, remainder };
};

/** The prefix that a document was imported with; undefined where it never was. */
export const prefixOfDocument = (name: string, { oscal }: Entries): string | undefined =>
  readDocumentEntries(oscal, name)?.remainder.prefix;

/**
 * The entries that a valid document makes, beside what is stored of it already.
 *
 * @throws Problem `UNPROCESSABLE` or `TOO_LARGE` where it cannot be stored, each error with its place
 */
export const importDocument = (document: OscalDocument, options: ImportOptions): ImportResult => {
  const { maxValueBytes = defaultMaxValueBytes, name, stored } = options;
  checkBefore(document, options);
  const mapping = maps[document.model](document.body, options);
  if (mapping.errors.length > 0) refuse(mapping.errors);
  const own = mapping.entries.map((entry) => keepOwnMembers(entry, stored));
  const told = { model: document.model, ...remainderOf(document, mapping, options) };
  const parts = writeDocumentEntries(name, told, maxValueBytes);
  const kind = kindOfModel[document.model];
  const keys = new Set(own.map(({ key }) => key));
  const partKeys = new Set(parts.map(({ key }) => key));
  return {
    entries: [...own, ...parts],
    leftOver: [...stored[kind]]
      .filter(([key, value]) => documentOf(value) === name && !keys.has(key))
      .map(([key]) => ({ kind, key })),
    unusedParts: [...stored.oscal.keys()].filter(
      (key) => isPartOf(key, name) && !partKeys.has(key),
    ),
    missingControls: mapping.missingControls,
    remarks: mapping.remarks,
  };
};
