import type { Catalog, Control, Group, Part } from "../shapes/catalog.ts";
import { createIndex, type Index, type Report, type Segment } from "./report.ts";

interface Indexes {
  /** Groups, controls and parts share their ids: links name any of them. */
  readonly ids: Index;
  readonly parameters: Index;
}

type Path = readonly Segment[];

interface Container {
  readonly params?: readonly { readonly id: string }[];
  readonly parts?: readonly Part[];
}

const addParts = (parts: readonly Part[] = [], path: Path, ids: Index): void => {
  for (const [index, { id, parts: inner }] of parts.entries()) {
    const at = [...path, index];
    if (id !== undefined) ids.add(id, [...at, "id"]);
    addParts(inner, [...at, "parts"], ids);
  }
};

const addContent = ({ params = [], parts }: Container, path: Path, indexes: Indexes): void => {
  for (const [index, { id }] of params.entries()) {
    indexes.parameters.add(id, [...path, "params", index, "id"]);
  }
  addParts(parts, [...path, "parts"], indexes.ids);
};

const addControls = (controls: readonly Control[] = [], path: Path, indexes: Indexes): void => {
  for (const [index, control] of controls.entries()) {
    const at = [...path, index];
    indexes.ids.add(control.id, [...at, "id"]);
    addContent(control, at, indexes);
    addControls(control.controls, [...at, "controls"], indexes);
  }
};

const addGroups = (groups: readonly Group[] = [], path: Path, indexes: Indexes): void => {
  for (const [index, group] of groups.entries()) {
    const at = [...path, index];
    if (group.id !== undefined) indexes.ids.add(group.id, [...at, "id"]);
    addContent(group, at, indexes);
    addControls(group.controls, [...at, "controls"], indexes);
    addGroups(group.groups, [...at, "groups"], indexes);
  }
};

/** In a catalog no two groups, controls or parts have the same id, and no two parameters. */
export const checkCatalog = (catalog: Catalog, report: Report): void => {
  const indexes = { ids: createIndex(report, "id"), parameters: createIndex(report, "id") };
  addContent(catalog, [], indexes);
  addControls(catalog.controls, ["controls"], indexes);
  addGroups(catalog.groups, ["groups"], indexes);
};
