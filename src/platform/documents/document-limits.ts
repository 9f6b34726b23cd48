/** What a document from outside may hold at most, whatever its format. */
export interface DocumentLimits {
  /** Maps and lists inside one another. */
  readonly maxDepth: number;
  /** Values in all, maps and lists among them, after aliases are expanded. */
  readonly maxNodes: number;
}

export const defaultDocumentLimits: DocumentLimits = { maxDepth: 64, maxNodes: 1_000_000 };

export const depthFault = (limits: DocumentLimits): string =>
  `is nested deeper than ${limits.maxDepth} levels`;

export const countFault = (limits: DocumentLimits): string =>
  `the document holds more than ${limits.maxNodes} values`;
