/** A row of a Durable Object's storage takes 2 MB. */
export const maxPartBytes = 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A text in parts of at most so many bytes of UTF-8, cut between characters; at least one part. */
export const cutText = (text: string, partBytes = maxPartBytes): readonly string[] => {
  // No character takes more than three bytes for each of its units.
  if (text.length * 3 <= partBytes) return [text];
  const bytes = encoder.encode(text);
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = cutBefore(bytes, start + partBytes);
    parts.push(decoder.decode(bytes.subarray(start, end)));
    start = end;
  }
  return parts;
};

const cutBefore = (bytes: Uint8Array, end: number): number => {
  let place = Math.min(end, bytes.length);
  while (isInside(bytes[place])) place -= 1;
  return place;
};

/** Whether a byte goes on with a character that another one has begun. */
const isInside = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;

export const bytesOf = (text: string): number => encoder.encode(text).byteLength;
