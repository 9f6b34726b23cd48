import type { Json, JsonObject } from "../../platform/json.ts";
import { type Entries, objectOf, objectsOf, oscalOf, textOf, textsOf } from "../entries.ts";
import { readDocumentEntries } from "../split/document-entries.ts";
import { controlIdOf } from "./control-ids.ts";

/** A control as findings speak of it. */
export interface ControlTarget {
  readonly key: string;
  readonly id: string;
  readonly title: string;
  readonly target: JsonObject;
}

/** What a finding is about: the control's objective, else its statement. */
const targetOf = (id: string, value: JsonObject): JsonObject => {
  const parts = objectsOf(objectOf(oscalOf(value), "control") ?? {}, "parts");
  const named = (name: string) => parts.find((part) => part["name"] === name && "id" in part);
  const objective = named("assessment-objective");
  if (objective !== undefined) {
    return { type: "objective-id", "target-id": objective["id"] as Json };
  }
  return { type: "statement-id", "target-id": named("statement")?.["id"] ?? id };
};

/** The prefix of each document's keys, read once. */
export const createPrefixes = ({ oscal }: Entries): ((document: string) => string) => {
  const known = new Map<string, string>();
  return (document) => {
    const prefix =
      known.get(document) ?? readDocumentEntries(oscal, document)?.remainder.prefix ?? "";
    known.set(document, prefix);
    return prefix;
  };
};

const controlOf = (
  key: string,
  { control }: Entries,
  prefixOf: (document: string) => string,
): ControlTarget => {
  const value = control.get(key) ?? {};
  const id = controlIdOf(key, prefixOf(textOf(oscalOf(value), "document")));
  return { key, id, title: textOf(value, "title") || id, target: targetOf(id, value) };
};

/** The controls that components implement, each once: those that they name, and those that are not stored. */
export const controlsOf = (
  components: readonly JsonObject[],
  entries: Entries,
  prefixOf: (document: string) => string,
): ControlTarget[] => {
  const byId = new Map<string, ControlTarget>();
  const keys = new Set(components.flatMap((component) => textsOf(component, "controls")));
  for (const key of keys) {
    const control = controlOf(key, entries, prefixOf);
    if (!byId.has(control.id)) byId.set(control.id, control);
  }
  for (const id of components.flatMap((value) => textsOf(oscalOf(value), "missingControls"))) {
    if (!byId.has(id)) byId.set(id, { key: id, id, title: id, target: targetOf(id, {}) });
  }
  return [...byId.values()];
};
