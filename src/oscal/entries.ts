import { isJsonObject, type Json, type JsonObject } from "../platform/json.ts";

/** The kinds of entries that documents of OSCAL are made into, or results are told of. */
export type EntryKind = "control" | "component" | "assessment" | "attestation" | "oscal";

/** What the store holds of a kind, by key. */
export type EntriesOfKind = ReadonlyMap<string, JsonObject>;

export type Entries = Readonly<Record<EntryKind, EntriesOfKind>>;

export interface MappedEntry {
  readonly kind: EntryKind;
  readonly key: string;
  readonly value: JsonObject;
  /** Where in the document it comes from. */
  readonly place: string;
}

/** The objects of a list; none where it is absent. */
export const objectsOf = (value: JsonObject, member: string): JsonObject[] => {
  const list = value[member];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
};

/** The texts of a list; none where it is absent. */
export const textsOf = (value: JsonObject, member: string): string[] => {
  const list = value[member];
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
};

export const textOf = (value: JsonObject, member: string): string => {
  const text = value[member];
  return typeof text === "string" ? text : "";
};

export const objectOf = (value: JsonObject, member: string): JsonObject | undefined => {
  const object = value[member];
  return isJsonObject(object) ? object : undefined;
};

/** What an entry keeps for OSCAL; nothing where it was made by hand. */
export const oscalOf = (value: JsonObject): JsonObject => objectOf(value, "oscal") ?? {};

/** The name of the document that an entry comes from. */
export const documentOf = (value: JsonObject): string | undefined => {
  const name = oscalOf(value)["document"];
  return typeof name === "string" ? name : undefined;
};

/** The entries of a kind that come from a document. */
export const entriesOfDocument = (entries: EntriesOfKind, name: string): Map<string, JsonObject> =>
  new Map([...entries].filter(([, value]) => documentOf(value) === name));

/** An object without some of its members. */
export const without = (value: JsonObject, ...members: readonly string[]): JsonObject => {
  const rest: Record<string, Json> = { ...value };
  for (const member of members) delete rest[member];
  return rest;
};
