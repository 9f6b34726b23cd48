import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Problem } from "../../errors.ts";
import { decodeText } from "./decode-text.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function refusalOf(bytes: readonly number[]): string {
  try {
    decodeText(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof Problem && error.code === "INVALID_INPUT") return error.message;
    throw error;
  }
  return "";
}

describe("decodeText", () => {
  it("gives back any text that was encoded", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        fc.pre(!text.startsWith("\uFEFF"));
        expect(decodeText(encode(text))).toBe(text);
      }),
    );
  });

  it("drops one byte order mark at the start and no other", () => {
    expect(decodeText(encode("\uFEFFserver: 1"))).toBe("server: 1");
    expect(decodeText(encode("a\uFEFF"))).toBe("a\uFEFF");
  });

  it.each([
    ["a byte that leads nothing", [0x61, 0xff, 0x62], 2, "FF"],
    ["a continuation without a lead", [0x80], 1, "80"],
    ["an overlong slash", [0xc0, 0xaf], 1, "C0"],
    ["an overlong three-byte form", [0x61, 0xe0, 0x80, 0x80], 2, "E0"],
    ["an encoded surrogate", [0xed, 0xa0, 0x80], 1, "ED"],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80], 1, "F4"],
    ["a character that is cut off", [0x61, 0x62, 0xe2, 0x82], 3, "E2"],
  ])("names the place of %s", (_, bytes, position, byte) => {
    expect(refusalOf(bytes)).toContain(`byte ${position} (0x${byte})`);
  });

  it("names a first wrong byte before which all is well, whatever the bytes", () => {
    const fatal = new TextDecoder("utf-8", { fatal: true });
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf4)), (bytes) => {
        const position = /byte (\d+)/.exec(refusalOf(bytes))?.[1];
        const sound = position === undefined ? bytes : bytes.slice(0, Number(position) - 1);
        expect(() => fatal.decode(Uint8Array.from(sound))).not.toThrow();
      }),
    );
  });

  it("says so when the text is UTF-16", () => {
    expect(refusalOf([0xff, 0xfe, 0x61, 0x00])).toContain("UTF-16");
  });
});
