import { invalidInput } from "../../errors.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

interface Sequence {
  readonly length: number;
  /** Bounds of the second byte; those after it lie in 0x80 to 0xBF. */
  readonly from: number;
  readonly to: number;
}

/** What a lead byte announces (Unicode 17, table 3-7), or nothing when it cannot lead. */
function announcedBy(lead: number): Sequence | undefined {
  if (lead < 0x80) return { length: 1, from: 0, to: 0 };
  if (lead >= 0xc2 && lead <= 0xdf) return { length: 2, from: 0x80, to: 0xbf };
  if (lead >= 0xe0 && lead <= 0xef)
    return { length: 3, from: lead === 0xe0 ? 0xa0 : 0x80, to: lead === 0xed ? 0x9f : 0xbf };
  if (lead >= 0xf0 && lead <= 0xf4)
    return { length: 4, from: lead === 0xf0 ? 0x90 : 0x80, to: lead === 0xf4 ? 0x8f : 0xbf };
  return undefined;
}

function isWhole(bytes: Uint8Array, at: number, sequence: Sequence): boolean {
  for (let offset = 1; offset < sequence.length; offset += 1) {
    const byte = bytes[at + offset] ?? 0;
    const from = offset === 1 ? sequence.from : 0x80;
    const to = offset === 1 ? sequence.to : 0xbf;
    if (byte < from || byte > to) return false;
  }
  return true;
}

function firstWrongByte(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const sequence = announcedBy(bytes[at] ?? 0);
    if (sequence === undefined || !isWhole(bytes, at, sequence)) break;
    at += sequence.length;
  }
  return at;
}

function describe(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return "the text is UTF-16; send it as UTF-8";
  }
  const at = firstWrongByte(bytes);
  const byte = (bytes[at] ?? 0).toString(16).padStart(2, "0").toUpperCase();
  return `the text is not valid UTF-8: byte ${at + 1} (0x${byte}) does not belong to a whole character`;
}

/**
 * The text of UTF-8 bytes, without a byte order mark at the start. Wrong bytes are never replaced.
 *
 * @throws Problem `INVALID_INPUT` that says which byte is not UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalidInput("", describe(bytes));
  }
}
