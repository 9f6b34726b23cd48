import type { Json } from "../json.ts";
import { type DocumentLimits, defaultDocumentLimits } from "./document-limits.ts";
import { scanJson } from "./scan-json.ts";

/**
 * Reads one JSON value, strictly. Besides what is not JSON it refuses, before anything is built:
 * more depth or values than `limits` allow, a member name given twice or one that reaches into a
 * prototype, U+0000 and lone surrogates, and numbers that a double would not keep.
 *
 * @throws Problem `INVALID_INPUT` with up to 20 places, each with its dotted path, line and column
 */
export function parseJson(text: string, limits: DocumentLimits = defaultDocumentLimits): Json {
  scanJson(text, limits);
  return JSON.parse(text) as Json;
}
