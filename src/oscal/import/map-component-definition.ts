import { type JsonObject, jsonSizeBytes } from "../../platform/json.ts";
import { entriesOfDocument, objectsOf, oscalOf, textOf, without } from "../entries.ts";
import { fitDescription, fitTitle, original } from "../fit-text.ts";
import { placeOf, type Segment } from "../rules/report.ts";
import { chooseKey } from "./choose-key.ts";
import {
  createMapping,
  defaultMaxValueBytes,
  type ImportOptions,
  type Mapping,
  type MissingControl,
} from "./mapping.ts";

const mostControls = 1_000;

/** The controls that a component implements, each once, with the first place that names it. */
const implementedControls = (component: JsonObject, path: readonly Segment[]) => {
  const places = new Map<string, string>();
  for (const [index, implementation] of objectsOf(component, "control-implementations").entries()) {
    const requirements = objectsOf(implementation, "implemented-requirements");
    for (const [at, requirement] of requirements.entries()) {
      const id = textOf(requirement, "control-id");
      if (places.has(id)) continue;
      const inner = [
        "control-implementations",
        index,
        "implemented-requirements",
        at,
        "control-id",
      ];
      places.set(id, placeOf([...path, ...inner]));
    }
  }
  return places;
};

/** Keys of the components that an earlier import of the document has made, by UUID. */
const earlierKeys = ({ name, stored }: ImportOptions): Map<string, string> =>
  new Map(
    [...entriesOfDocument(stored.component, name)].flatMap(([key, value]) => {
      const uuid = uuidOfComponent(value);
      return uuid === undefined ? [] : [[uuid, key] as const];
    }),
  );

const valueOf = (
  component: JsonObject,
  { controls, missing, name }: { controls: string[]; missing: MissingControl[]; name: string },
) => {
  const uuid = textOf(component, "uuid");
  const told = { title: textOf(component, "title"), description: textOf(component, "description") };
  const title = fitTitle(told.title, uuid);
  const description = fitDescription(told.description);
  const rest = {
    ...original("title", told.title, title),
    ...original("description", told.description, description),
    ...without(component, "uuid", "title", "description"),
  };
  const missingControls = missing.map(({ id }) => id);
  const oscal = { document: name, uuid, ...(missing.length === 0 ? {} : { missingControls }) };
  return { title, description, controls, oscal, rest };
};

/** One entry per component, which names the controls that it implements. Holes are `{ key }`. */
export const mapComponentDefinition = (body: JsonObject, options: ImportOptions): Mapping => {
  const { maxValueBytes = defaultMaxValueBytes, name, prefix, stored } = options;
  const mapping = createMapping();
  if (body["components"] === undefined) return { ...mapping, content: body };
  const earlier = earlierKeys(options);
  const taken = new Set(stored.component.keys());
  const components = objectsOf(body, "components").map((component, index) => {
    const path = ["component-definition", "components", index];
    const uuid = textOf(component, "uuid");
    const isTaken = (key: string): boolean => taken.has(key);
    const key = earlier.get(uuid) ?? chooseKey(prefix, textOf(component, "title"), uuid, isTaken);
    taken.add(key);
    const implemented = [...implementedControls(component, path)].map(([id, place]) => ({
      id,
      key: prefix + id,
      place,
    }));
    const present = implemented.filter((control) => stored.control.has(control.key));
    const missing = implemented.filter((control) => !stored.control.has(control.key));
    mapping.missingControls.push(...missing);
    if (present.length > mostControls) {
      const message = `implements ${present.length} controls; a component names ${mostControls} at most`;
      mapping.errors.push({ path: placeOf(path), message });
    }
    const controls = present.map((control) => control.key);
    const { oscal, rest, ...members } = valueOf(component, { controls, missing, name });
    const whole = { ...members, oscal: { ...oscal, component: rest } };
    const isKept = jsonSizeBytes(whole) > maxValueBytes;
    const value = isKept ? { ...members, oscal } : whole;
    mapping.entries.push({ kind: "component", key, value, place: placeOf(path) });
    return { key, ...(isKept ? { kept: rest } : {}) };
  });
  return { ...mapping, content: { ...body, components } };
};

/** The UUID that OSCAL knows a component by; undefined where it was made here. */
export const uuidOfComponent = (value: JsonObject): string | undefined => {
  const { uuid } = oscalOf(value);
  return typeof uuid === "string" ? uuid : undefined;
};
