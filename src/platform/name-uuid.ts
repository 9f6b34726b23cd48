import { createHash } from "node:crypto";

/** Namespace of the UUIDs that Fairlead makes of names. */
const namespace = "6f1c1f0e-8a52-4c0b-9b52-0d6b7f7f2a3e";

const bytesOf = (uuid: string): Uint8Array => Buffer.from(uuid.replaceAll("-", ""), "hex");

/**
 * The UUID of version 5 of a name made of parts: the same parts give the same one, everywhere.
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
 */
export const nameUuid = (...parts: readonly (string | number)[]): string => {
  const name = JSON.stringify(parts);
  const hash = createHash("sha1").update(bytesOf(namespace)).update(name).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
};
