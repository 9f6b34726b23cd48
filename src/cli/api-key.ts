import { usageFailure } from "./failure.ts";

/** `fl_`, the public id, and the secret with its checksum. */
const wholeKey = /^fl_([A-Za-z0-9]{16})_[A-Za-z0-9]{50}$/;
/** A key or most of one; the second form is that of older administrators' keys. */
const keyInText = /fl_(?:[A-Za-z0-9]{16}_[A-Za-z0-9]{8,}|[\w-]{43}(?![\w-]))/g;

/** A key without the space around it. The message never repeats the text, which is a secret. */
export const parseApiKey = (text: string): string => {
  const key = text.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw usageFailure("The API key holds characters that no key has (spaces, line breaks, …).");
  }
  return key;
};

/** The part of a key that is no secret: its id; undefined where it has none. */
export const publicIdOf = (key: string): string | undefined => wholeKey.exec(key)?.[1];

/** The text without the secrets of the keys in it. */
export const withoutKeys = (text: string): string =>
  text.replace(keyInText, (key) => {
    const [, id] = /^fl_([A-Za-z0-9]{16})_/.exec(key) ?? [];
    return id === undefined ? "fl_…" : `fl_${id}_…`;
  });
