import { createHash, randomBytes } from "node:crypto";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const idLength = 16;
/** 44 × log2(62) = 261 random bits. */
const secretLength = 44;
const checksumLength = 6;

const shape = /^fl_([0-9A-Za-z]{16})_[0-9A-Za-z]{50}$/;

/** A key as its owner gets it, once: `fl_<public id>_<secret><checksum>`. */
export interface NewKey {
  readonly id: string;
  readonly text: string;
  readonly hash: Buffer;
}

export const generateKey = (): NewKey => {
  const id = randomText(idLength);
  const unchecked = `fl_${id}_${randomText(secretLength)}`;
  const text = unchecked + checksumOf(unchecked);
  return { id, text, hash: hashKey(text) };
};

/**
 * The public id of what looks like a key; undefined where the shape or the checksum is wrong, so that
 * a mistyped or made-up key is refused without a look-up.
 */
export const keyIdOf = (text: string): string | undefined => {
  const id = shape.exec(text)?.[1];
  if (id === undefined) return undefined;
  const unchecked = text.slice(0, -checksumLength);
  return checksumOf(unchecked) === text.slice(-checksumLength) ? id : undefined;
};

/** What is stored of a key. 256 random bits need no slow hash. */
export const hashKey = (text: string): Buffer => createHash("sha256").update(text).digest();

/** It finds typing errors; it proves nothing, and its algorithm is no secret. */
const checksumOf = (text: string): string =>
  toText(createHash("sha256").update(`checksum ${text}`).digest().subarray(0, checksumLength));

const randomText = (length: number): string => {
  let text = "";
  while (text.length < length) {
    // Bytes from 248 on would make the first letters likelier than the last.
    text += toText(randomBytes(length).filter((byte) => byte < 248));
  }
  return text.slice(0, length);
};

const toText = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => alphabet[byte % 62]).join("");
