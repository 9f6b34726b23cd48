const maxCharacters = 1_024;

/** Shorter values are words that answers hold anyway, such as `Bearer` or `1`. */
const minSecretLength = 8;

const escapeCharacter = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

/** `Bearer abc…`, `v1,abc… v1,def…` → every part that is long enough to be a secret. */
const partsOf = (value: string): string[] =>
  [value, ...value.split(/[\s,]+/)].filter((part) => part.length >= minSecretLength);

/** Where the text was cut within a secret, its beginning still stands at the end. */
const withoutBegunSecret = (text: string, secret: string): string => {
  for (let length = Math.min(secret.length - 1, text.length); length >= 4; length -= 1) {
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length);
  }
  return text;
};

interface ExcerptSource {
  readonly bytes: Uint8Array;
  /** Whether more followed. */
  readonly isCut: boolean;
  /** Values that we sent and that the receiver may have sent back. */
  readonly secrets: readonly string[];
}

/**
 * The beginning of a response for people to read: at most 1,024 characters in one line, without
 * control characters and without what we sent as credentials.
 */
export const excerptOf = ({ bytes, isCut, secrets }: ExcerptSource): string => {
  if (bytes.length === 0) return "";
  const parts = secrets.flatMap(partsOf).toSorted((one, other) => other.length - one.length);
  const read = new TextDecoder().decode(bytes);
  const text = parts.reduce(
    (rest, secret) => rest.replaceAll(secret, "[redacted]"),
    isCut ? parts.reduce(withoutBegunSecret, read) : read,
  );
  const escaped = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, escapeCharacter);
  if (escaped.length <= maxCharacters) return escaped;
  return escaped
    .slice(0, maxCharacters - 1)
    .replace(/[\ud800-\udbff]$/, "")
    .concat("…");
};
