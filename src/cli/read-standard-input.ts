import { Buffer } from "node:buffer";
import { decodeText } from "../platform/documents/decode-text.ts";
import { asFailure, usageFailure } from "./failure.ts";
import type { Io } from "./io.ts";

/** Standard input as text (UTF-8, a byte order mark dropped), without its last line break. */
export const readStandardInput = async ({ stdin }: Io): Promise<string> => {
  if (stdin === undefined) throw usageFailure("There is no standard input to read.");
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) {
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  }
  try {
    return decodeText(Buffer.concat(chunks)).replace(/\r?\n$/, "");
  } catch (error) {
    throw asFailure(error, "standard input");
  }
};
