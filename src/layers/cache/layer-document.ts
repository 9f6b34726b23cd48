import { createHash } from "node:crypto";
import { type StoredEntry, toCommittedEntry } from "../memory/load-layers.ts";
import type { CommittedEntry, LayerName } from "../memory/memory-layer.ts";
import type { DocumentName, DocumentRef } from "./layer-cache.ts";

/** An entry as a document tells it: its layer is said once. */
export type DocumentEntry = Omit<StoredEntry, "kind" | "app" | "environment">;

interface DocumentHead extends LayerName {
  readonly epoch: string;
  readonly revision: number;
  /** A delta holds what changed after this; a full document, with null, all that there is. */
  readonly after: number | null;
}

export interface ComposedDocument {
  readonly name: DocumentName;
  readonly text: string;
  readonly ref: DocumentRef;
}

interface DocumentPlace {
  readonly epoch: string;
  readonly layer: LayerName;
  readonly revision: number;
  readonly after: number | null;
}

/** @param entries a JSON list of entries, as PostgreSQL writes it: it is not parsed on the way */
export const composeDocument = (
  { after, epoch, layer, revision }: DocumentPlace,
  entries: string,
): ComposedDocument => {
  const { app, environment, kind } = layer;
  const head: DocumentHead = { epoch, kind, app, environment, revision, after };
  const text = `${JSON.stringify(head).slice(0, -1)},"entries":${entries}}`;
  const hash = hashOf(text);
  return {
    name: { epoch, layer, revision, hash },
    text,
    ref: { revision, hash, bytes: Buffer.byteLength(text) },
  };
};

/** What a document holds; undefined where the text is not the document of this name. */
export const parseDocument = (
  { hash, layer }: DocumentName,
  text: string,
): { readonly after: number | null; readonly entries: readonly DocumentEntry[] } | undefined => {
  if (hashOf(text) !== hash) return undefined;
  const { after, app, entries, environment, kind } = JSON.parse(text) as DocumentHead & {
    readonly entries: readonly DocumentEntry[];
  };
  const isItsLayer = kind === layer.kind && app === layer.app && environment === layer.environment;
  return isItsLayer ? { after, entries } : undefined;
};

export const toLayerEntry = (
  { app, environment, kind }: LayerName,
  entry: DocumentEntry,
): CommittedEntry => toCommittedEntry({ ...entry, kind, app, environment });

/** The newest version of each entry of several lists. */
export const mergeEntries = (
  lists: readonly (readonly DocumentEntry[])[],
): readonly DocumentEntry[] => {
  const [first = [], ...rest] = lists;
  if (rest.length === 0) return first;
  const newest = new Map(first.map((entry) => [entry.key, entry]));
  for (const entry of rest.flat()) {
    const known = newest.get(entry.key);
    if (known === undefined || known.version < entry.version) newest.set(entry.key, entry);
  }
  return [...newest.values()];
};

/** What a document is named by, of its text. */
export const hashOf = (text: string): string =>
  createHash("sha256").update(text).digest("hex").slice(0, 32);
