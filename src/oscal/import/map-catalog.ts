import type { Json, JsonObject } from "../../platform/json.ts";
import { jsonSizeBytes } from "../../platform/json.ts";
import { keyPattern } from "../../platform/names.ts";
import { documentOf, objectsOf, textOf, without } from "../entries.ts";
import { fitTitle, original } from "../fit-text.ts";
import { placeOf, type Segment } from "../rules/report.ts";
import {
  createMapping,
  defaultMaxValueBytes,
  type ImportOptions,
  type Mapping,
} from "./mapping.ts";

/** Where a control stands: below another, or in a group that has an id. */
interface Home {
  readonly parent?: string;
  readonly group?: string;
}

interface Run {
  readonly options: ImportOptions;
  readonly mapping: Omit<Mapping, "content">;
}

type Path = readonly Segment[];

const checkKey = ({ mapping, options }: Run, key: string, path: Path): void => {
  const place = placeOf([...path, "id"]);
  if (!keyPattern.test(key)) {
    const message = `would make the key "${key.slice(0, 300)}", which must match ${keyPattern.source}; --prefix may help`;
    mapping.errors.push({ path: place, message });
  }
  const before = options.stored.control.get(key);
  const other = before === undefined ? undefined : documentOf(before);
  if (other === undefined || other === options.name) return;
  const message = `the control ${key} belongs to the document ${other}; --prefix sets the two apart`;
  mapping.errors.push({ path: place, message });
};

/** Makes an entry of a control and of each one inside it. @returns what stands in its place */
const takeControl = (run: Run, control: JsonObject, home: Home, path: Path): JsonObject => {
  const { maxValueBytes = defaultMaxValueBytes, name, prefix } = run.options;
  const id = textOf(control, "id");
  const key = prefix + id;
  checkKey(run, key, path);
  const told = textOf(control, "title");
  const title = fitTitle(told, id);
  const rest = {
    ...original("title", told, title),
    ...without(control, "id", "title", "controls"),
  };
  const whole = { title, ...home, oscal: { document: name, control: rest } };
  const isKept = jsonSizeBytes(whole) > maxValueBytes;
  const value = isKept ? { title, ...home, oscal: { document: name } } : whole;
  run.mapping.entries.push({ kind: "control", key, value, place: placeOf(path) });
  const inner = takeControls(run, control, { parent: key }, path);
  return { id, ...(isKept ? { kept: rest } : {}), ...inner };
};

const takeControls = (
  run: Run,
  container: JsonObject,
  home: Home,
  path: Path,
): { controls?: Json[] } => {
  if (container["controls"] === undefined) return {};
  const controls = objectsOf(container, "controls").map((control, index) =>
    takeControl(run, control, home, [...path, "controls", index]),
  );
  return { controls };
};

const takeGroups = (run: Run, container: JsonObject, path: Path): { groups?: Json[] } => {
  if (container["groups"] === undefined) return {};
  const groups = objectsOf(container, "groups").map((group, index) => {
    const at = [...path, "groups", index];
    const { id } = group;
    const home = typeof id === "string" ? { group: id } : {};
    return { ...group, ...takeControls(run, group, home, at), ...takeGroups(run, group, at) };
  });
  return { groups };
};

/** One entry per control, those inside others too. What is left has holes `{ id, controls }`. */
export const mapCatalog = (catalog: JsonObject, options: ImportOptions): Mapping => {
  const run = { options, mapping: createMapping() };
  const path = ["catalog"];
  const content = {
    ...catalog,
    ...takeControls(run, catalog, {}, path),
    ...takeGroups(run, catalog, path),
  };
  return { ...run.mapping, content };
};
