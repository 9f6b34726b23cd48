import { flattenDocument } from "../../configs/flatten-document.ts";
import { type Json, jsonEqual } from "../../platform/json.ts";
import { asFailure, usageFailure } from "../failure.ts";
import { readDocumentFile } from "../read-document-file.ts";
import { type Scope, scopeName } from "../scope.ts";
import type { Source } from "./collect-sources.ts";
import { takeProfiles } from "./take-profiles.ts";

interface Setting {
  readonly value: Json;
  /** The file and document that it comes from. */
  readonly origin: string;
}

/** What the files say about one layer. */
export interface Layer extends Scope {
  readonly settings: Map<string, Setting>;
}

export interface Layers {
  readonly layers: readonly Layer[];
  readonly remarks: readonly string[];
}

interface Collection {
  readonly byScope: Map<string, Layer>;
  readonly remarks: string[];
}

const mostNamed = 5;

const listed = (names: readonly string[]): string =>
  names.length <= mostNamed
    ? names.join(", ")
    : `${names.slice(0, mostNamed).join(", ")} and ${names.length - mostNamed} more`;

/** Later documents win, as in Spring; where that changes a value, a note says so. */
const addTo = (
  { byScope, remarks }: Collection,
  scope: Scope,
  settings: ReadonlyMap<string, { readonly value: Json }>,
  origin: string,
): void => {
  const name = scopeName(scope);
  const layer = byScope.get(name) ?? { ...scope, settings: new Map<string, Setting>() };
  byScope.set(name, layer);
  const overridden = new Map<string, string[]>();
  for (const [key, { value }] of settings) {
    const earlier = layer.settings.get(key);
    layer.settings.set(key, { value, origin });
    if (earlier === undefined || jsonEqual(earlier.value, value)) continue;
    overridden.set(earlier.origin, [...(overridden.get(earlier.origin) ?? []), key]);
  }
  for (const [earlier, keys] of overridden) {
    remarks.push(`note: in ${name}, ${origin} overrides ${earlier}: ${listed(keys)}`);
  }
};

const scopesOf = (
  { app, environment }: Source,
  profiles: readonly string[] | undefined,
  origin: string,
): readonly Scope[] => {
  if (profiles === undefined) return [{ app, environment }];
  const other = profiles.find((profile) => profile !== environment);
  if (environment !== undefined && other !== undefined) {
    throw usageFailure(
      `${origin} is for the profile ${other}, but --environment says ${environment}: leave --environment out, or take the document out.`,
    );
  }
  return profiles.map((profile) => ({ app, environment: profile }));
};

const addDocument = (
  collection: Collection,
  source: Source,
  document: Json,
  origin: string,
): void => {
  try {
    const { entries, warnings } = flattenDocument(document);
    const settings = new Map(entries);
    const profiles = takeProfiles(settings, origin);
    for (const { path, message } of warnings) {
      collection.remarks.push(
        `warning: ${origin}: ${path === "" ? message : `${path}: ${message}`}`,
      );
    }
    for (const scope of scopesOf(source, profiles, origin)) {
      addTo(collection, scope, settings, origin);
    }
  } catch (error) {
    throw asFailure(error, origin);
  }
};

/**
 * Reads the files and sorts their settings by layer: documents that a profile selects go to the
 * environment of that name, all others to the source's own scope. Empty documents say nothing.
 */
export const readLayers = async (cwd: string, sources: readonly Source[]): Promise<Layers> => {
  const collection: Collection = { byScope: new Map(), remarks: [] };
  for (const source of sources) {
    const documents = await readDocumentFile(cwd, source.path);
    for (const [index, document] of documents.entries()) {
      if (document === null) continue;
      const origin = documents.length === 1 ? source.path : `${source.path}, document ${index + 1}`;
      addDocument(collection, source, document, origin);
    }
  }
  return { layers: [...collection.byScope.values()], remarks: collection.remarks };
};
