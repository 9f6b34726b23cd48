import type { Json, JsonObject } from "../../platform/json.ts";
import { nameUuid } from "../../platform/name-uuid.ts";
import { objectOf, objectsOf, oscalOf, textOf, textsOf, without } from "../entries.ts";
import { fitDescription, fitTitle, toldText } from "../fit-text.ts";
import { uuidOfComponent } from "../import/map-component-definition.ts";
import { controlIdOf } from "./control-ids.ts";

const implementations = "control-implementations";
const requirements = "implemented-requirements";

/** Says of controls that were added here where they come from: no document names their catalog. */
const addedSource = "urn:fairlead:controls";

/** Without the controls that the component no longer names; what implements none of them goes as a whole. */
const keepControls = (component: JsonObject, wanted: ReadonlySet<string>): JsonObject[] =>
  objectsOf(component, implementations).flatMap((implementation) => {
    const before = objectsOf(implementation, requirements);
    const after = before.filter((requirement) => wanted.has(textOf(requirement, "control-id")));
    if (after.length === before.length) return [implementation];
    return after.length === 0 ? [] : [{ ...implementation, [requirements]: after }];
  });

const addedRequirements = (uuid: string, ids: readonly string[]): JsonObject[] =>
  ids.map((id) => ({
    uuid: nameUuid("implemented-requirement", uuid, id),
    "control-id": id,
    description: "Named by the component in Fairlead.",
  }));

/** The control implementations, with the controls that the component names now. */
const writeImplementations = (rest: JsonObject, uuid: string, wanted: ReadonlySet<string>) => {
  const before = rest[implementations];
  const told = objectsOf(rest, implementations);
  const implemented = new Set(
    told.flatMap((one) => objectsOf(one, requirements).map((item) => textOf(item, "control-id"))),
  );
  const kept = keepControls(rest, wanted);
  const added = [...wanted].filter((id) => !implemented.has(id));
  if (added.length > 0) {
    kept.push({
      uuid: nameUuid("control-implementation", uuid),
      source: addedSource,
      description: "Controls that the component implements by what Fairlead says of it.",
      [requirements]: addedRequirements(uuid, added),
    });
  }
  if (kept.length > 0) return { [implementations]: kept };
  return before !== undefined && told.length === 0 ? { [implementations]: [] } : {};
};

const writeComponent = (
  key: string,
  value: JsonObject,
  kept: JsonObject | undefined,
  prefix: string,
): JsonObject => {
  const oscal = oscalOf(value);
  const rest = objectOf(oscal, "component") ?? kept ?? {};
  const uuid = uuidOfComponent(value) ?? nameUuid("component", key);
  const title = toldText(textOf(value, "title"), rest["title"], (text) => fitTitle(text, uuid));
  const description = toldText(
    typeof value["description"] === "string" ? value["description"] : title,
    rest["description"],
    fitDescription,
  );
  const wanted = new Set([
    ...textsOf(value, "controls").map((control) => controlIdOf(control, prefix)),
    ...textsOf(oscal, "missingControls"),
  ]);
  return {
    type: "software",
    ...without(rest, implementations),
    uuid,
    title,
    description,
    ...writeImplementations(rest, uuid, wanted),
  };
};

/** The body of a component definition, with its components as they are now; new ones come last. */
export const exportComponentDefinition = (
  content: JsonObject,
  components: ReadonlyMap<string, JsonObject>,
  prefix: string,
): JsonObject => {
  const before = content["components"];
  const holes = new Map(
    objectsOf(content, "components").map((hole) => [textOf(hole, "key"), hole]),
  );
  const added = [...components.keys()].filter((key) => !holes.has(key)).sort();
  const written: Json[] = [...holes.keys(), ...added].flatMap((key) => {
    const value = components.get(key);
    const kept = objectOf(holes.get(key) ?? {}, "kept");
    return value === undefined ? [] : [writeComponent(key, value, kept, prefix)];
  });
  const isEmptyList = Array.isArray(before) && before.length === 0;
  return {
    ...without(content, "components"),
    ...(written.length > 0 || isEmptyList ? { components: written } : {}),
  };
};
