interface CopiedDocument {
  readonly epoch: string;
  /** Kind, app and environment, with "/" between. */
  readonly layer: string;
  readonly revision: number;
  readonly hash: string;
}

/** What a part of a document is called in KV: what it says never changes. */
export const copyNameOf = (
  { epoch, hash, layer, revision }: CopiedDocument,
  part: number,
): string => `doc/${epoch}/${layer}/${revision}/${hash}/${part}`;

export const copyNamesOf = (document: CopiedDocument & { readonly parts: number }): string[] =>
  Array.from({ length: document.parts }, (_, index) => copyNameOf(document, index + 1));
