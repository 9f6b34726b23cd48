import type { DocumentName } from "../layers/cache/layer-cache.ts";

/** One part of a document; counted from 1. */
export interface PartName {
  readonly name: DocumentName;
  readonly part: number;
}

export interface DocumentPart {
  /** How many parts the document has. */
  readonly of: number;
  readonly text: string;
}

export interface PutPart extends PartName, DocumentPart {}

/** A document of a layer, and which of its parts are there. */
export interface ListedDocument {
  readonly revision: number;
  readonly hash: string;
  readonly of: number;
  readonly parts: readonly number[];
}

/** So many parts are read at once. */
const partsAtOnce = 8;

type Reading = (wanted: readonly PartName[]) => Promise<readonly (DocumentPart | undefined)[]>;

/** Reads documents part by part, in the order asked for; undefined where one is not whole. */
export const readInParts = async (
  names: readonly DocumentName[],
  read: Reading,
): Promise<readonly (string | undefined)[]> => {
  const texts: (string | undefined)[] = [];
  for (let start = 0; start < names.length; start += partsAtOnce) {
    const group = names.slice(start, start + partsAtOnce);
    const firsts = await read(group.map((name) => ({ name, part: 1 })));
    for (const [index, name] of group.entries()) {
      const first = firsts[index];
      texts.push(first === undefined ? undefined : await readRest(name, first, read));
    }
  }
  return texts;
};

const readRest = async (
  name: DocumentName,
  { of, text }: DocumentPart,
  read: Reading,
): Promise<string | undefined> => {
  const texts = [text];
  for (let part = 2; part <= of; part += partsAtOnce) {
    const count = Math.min(partsAtOnce, of - part + 1);
    const wanted = Array.from({ length: count }, (_, index) => ({ name, part: part + index }));
    for (const found of await read(wanted)) {
      if (found?.of !== of) return undefined;
      texts.push(found.text);
    }
  }
  return texts.join("");
};
