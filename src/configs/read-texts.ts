import type { ScopeDefaults } from "../context.ts";
import type { CommittedEntry } from "../layers/memory/memory-layer.ts";
import type { OpenedView } from "../layers/memory/reading.ts";
import { effectiveOf } from "../layers/read-position.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";
import { createBoundedCache } from "../platform/bounded-cache.ts";
import { entityTag } from "../platform/entity-tag.ts";
import { toConfigValue } from "./read-config.ts";
import { documentTag, toDocument } from "./read-document.ts";

/** The text of an answer with its entity tag. */
export interface ReadText {
  readonly text: string;
  /** Of the text in UTF-8. */
  readonly bytes: number;
  readonly tag: string;
}

interface ValueText extends ReadText {
  readonly epoch: string;
}

/** The text of the entries that led here, and the way on to that of one more. */
interface KnownTexts {
  own?: ValueText;
  more?: WeakMap<CommittedEntry, KnownTexts>;
}

/** The same entries make the same text for every position: it is kept for as long as all of them are. */
const valueTexts: KnownTexts = {};

const knownTexts = (entries: readonly CommittedEntry[]): KnownTexts => {
  let known = valueTexts;
  for (const entry of entries) {
    known.more ??= new WeakMap();
    const next = known.more.get(entry) ?? {};
    if (next.own === undefined && next.more === undefined) known.more.set(entry, next);
    known = next;
  }
  return known;
};

/** The answer to a read of one value; undefined where there is none. */
export const valueText = ({ epoch, view }: OpenedView, key: string): ReadText | undefined => {
  const resolved = view.resolved(key);
  if (resolved === undefined) return undefined;
  const { contributors } = resolved;
  const known = knownTexts(contributors);
  if (known.own?.epoch === epoch) return known.own;
  const text = JSON.stringify(toConfigValue(key, resolved));
  known.own = { epoch, text, bytes: bytesOf(text), tag: entityTag(epoch, contributors) };
  return known.own;
};

const encoder = new TextEncoder();

const bytesOf = (text: string): number => encoder.encode(text).length;

interface DocumentText extends ReadText {
  readonly view: OpenedView["view"];
  readonly head: number;
}

const maxDocuments = 20_000;
const maxDocumentCharacters = 128 * 1024 * 1024;

/** One for each position and set of grants that reads it. */
const documentTexts = createBoundedCache<DocumentText>(maxDocuments, maxDocumentCharacters);

/** The answer to a read of a whole document, as far as it may be seen. */
export const documentText = (
  opened: OpenedView,
  scope: ScopeDefaults,
  visible: KeyFilter,
): ReadText => {
  const { view } = opened;
  const id = `${scope.app}/${scope.environment}/${visible.fingerprint}`;
  const known = documentTexts.get(id);
  if (known !== undefined && known.view === view && known.head === view.head()) return known;
  const effective = effectiveOf(opened, { kind: "config", ...scope, visible });
  const text = JSON.stringify(toDocument(effective, scope));
  const tag = documentTag(effective, scope, visible.fingerprint);
  const made = { view, head: view.head(), text, bytes: bytesOf(text), tag };
  documentTexts.set(id, made, text.length);
  return made;
};
