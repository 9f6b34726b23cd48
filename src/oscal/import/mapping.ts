import type { FieldError } from "../../errors.ts";
import type { JsonObject } from "../../platform/json.ts";
import type { Entries, MappedEntry } from "../entries.ts";
import type { Remainder } from "../split/document-entries.ts";

export interface ImportOptions {
  /** What the document is called here. */
  readonly name: string;
  /** Before the keys of all entries. */
  readonly prefix: string;
  /** What is stored already. */
  readonly stored: Entries;
  /** The components that an assessment plan examines, beside those that it names by UUID. */
  readonly components?: readonly string[];
  /** What an entry may have as JSON. */
  readonly maxValueBytes?: number;
}

/** A control that a component implements, and that is not stored. */
export interface MissingControl {
  readonly id: string;
  readonly key: string;
  readonly place: string;
}

/** What becomes of a document: entries, and what is left of its body. */
export interface Mapping {
  readonly entries: MappedEntry[];
  readonly content: JsonObject;
  readonly assessment?: NonNullable<Remainder["assessment"]>;
  readonly missingControls: MissingControl[];
  readonly remarks: string[];
  readonly errors: FieldError[];
}

/** Below what a server allows by default, 256 KiB, since an entry has members beside what is measured. */
export const defaultMaxValueBytes = 224 * 1024;

export const createMapping = (): Omit<Mapping, "content"> => ({
  entries: [],
  missingControls: [],
  remarks: [],
  errors: [],
});
