import { Problem } from "../../errors.ts";
import type { Json, JsonObject } from "../../platform/json.ts";
import { objectOf, objectsOf, oscalOf, textOf, without } from "../entries.ts";
import { fitTitle, toldText } from "../fit-text.ts";

/** A list of controls: that of the catalog, of a group, or of another control. */
type Place = string;

const root: Place = "";
const inControl = (key: string): Place => `control ${key}`;
const inGroup = (id: string): Place => `group ${id}`;

interface Hole {
  readonly place: Place;
  /** What the entry could not hold. */
  readonly kept: JsonObject;
  /** Whether the list of inner controls is there, though with nothing in it. */
  readonly isEmptyList: boolean;
}

interface Plan {
  readonly controls: ReadonlyMap<string, JsonObject>;
  readonly prefix: string;
  readonly holes: Map<string, Hole>;
  readonly groups: Set<Place>;
  /** The controls of each place, in order. */
  readonly children: Map<Place, string[]>;
}

const groupPlace = ({ id }: JsonObject, path: string): Place =>
  typeof id === "string" ? inGroup(id) : `group at ${path}`;

const noteHoles = (plan: Plan, container: JsonObject, place: Place): void => {
  for (const hole of objectsOf(container, "controls")) {
    const key = plan.prefix + textOf(hole, "id");
    const inner = hole["controls"];
    const isEmptyList = Array.isArray(inner) && inner.length === 0;
    plan.holes.set(key, { place, kept: objectOf(hole, "kept") ?? {}, isEmptyList });
    noteHoles(plan, hole, inControl(key));
  }
};

const noteGroups = (plan: Plan, container: JsonObject, path = ""): void => {
  for (const [index, group] of objectsOf(container, "groups").entries()) {
    const at = `${path}/${index}`;
    const place = groupPlace(group, at);
    plan.groups.add(place);
    noteHoles(plan, group, place);
    noteGroups(plan, group, at);
  }
};

/** Where the document had it, or around it where that is gone. */
const formerPlace = ({ controls, holes }: Plan, key: string): Place => {
  let place = holes.get(key)?.place ?? root;
  while (place.startsWith("control ") && !controls.has(place.slice("control ".length))) {
    place = holes.get(place.slice("control ".length))?.place ?? root;
  }
  return place;
};

/** Where the entry says that it stands. */
const placeOfControl = (plan: Plan, key: string, { parent, group }: JsonObject): Place => {
  if (typeof parent === "string" && plan.controls.has(parent)) return inControl(parent);
  if (typeof group === "string" && plan.groups.has(inGroup(group))) return inGroup(group);
  return formerPlace(plan, key);
};

/** Each place's controls: first those that the document had there, in its order, then by key. */
const arrange = (plan: Plan): void => {
  const added = [...plan.controls.keys()].filter((key) => !plan.holes.has(key)).sort();
  const inOrder = [...plan.holes.keys()].filter((key) => plan.controls.has(key));
  const moved: [Place, string][] = [];
  const add = (place: Place, key: string): void => {
    const list = plan.children.get(place);
    if (list === undefined) plan.children.set(place, [key]);
    else list.push(key);
  };
  for (const key of [...inOrder, ...added]) {
    const place = placeOfControl(plan, key, plan.controls.get(key) ?? {});
    if (plan.holes.get(key)?.place === place) add(place, key);
    else moved.push([place, key]);
  }
  for (const [place, key] of moved) add(place, key);
};

const writeControls = (plan: Plan, place: Place, isEmptyList: boolean): { controls?: Json[] } => {
  const keys = plan.children.get(place) ?? [];
  plan.children.delete(place);
  if (keys.length === 0) return isEmptyList ? { controls: [] } : {};
  return { controls: keys.map((key) => writeControl(plan, key)) };
};

const writeControl = (plan: Plan, key: string): JsonObject => {
  const { controls, holes, prefix } = plan;
  const value = controls.get(key) ?? {};
  const hole = holes.get(key);
  const rest = objectOf(oscalOf(value), "control") ?? hole?.kept ?? {};
  const id = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  const title = toldText(textOf(value, "title"), rest["title"], (text) => fitTitle(text, id));
  const inner = writeControls(plan, inControl(key), hole?.isEmptyList === true);
  return { ...rest, id, title, ...inner };
};

const writeContainer = (
  plan: Plan,
  container: JsonObject,
  place: Place,
  path: string,
): JsonObject => {
  const { controls, groups } = container;
  const isEmptyList = Array.isArray(controls) && controls.length === 0;
  return {
    ...without(container, "controls", "groups"),
    ...writeControls(plan, place, isEmptyList),
    ...(groups === undefined ? {} : { groups: writeGroups(plan, container, path) }),
  };
};

const writeGroups = (plan: Plan, container: JsonObject, path: string): Json[] =>
  objectsOf(container, "groups").map((group, index) => {
    const at = `${path}/${index}`;
    return writeContainer(plan, group, groupPlace(group, at), at);
  });

const refuseCircle = (plan: Plan): never => {
  const keys = [...plan.children.values()].flat().join(", ");
  const message = `by their members "parent" these controls are inside one another: ${keys.slice(0, 500)}`;
  throw new Problem("UNPROCESSABLE", message);
};

/** The body of a catalog, with its controls as they are now, where they say that they stand. */
export const exportCatalog = (
  content: JsonObject,
  controls: ReadonlyMap<string, JsonObject>,
  prefix: string,
): JsonObject => {
  const plan: Plan = { controls, prefix, holes: new Map(), groups: new Set(), children: new Map() };
  noteHoles(plan, content, root);
  noteGroups(plan, content);
  arrange(plan);
  const body = writeContainer(plan, content, root, "");
  if (plan.children.size > 0) refuseCircle(plan);
  return body;
};
