import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth, printable, printableJson, truncate } from "./printable.ts";

const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code)),
    fc.constantFrom("\u061c", "\u200f", "\u202e", "\u2067", "\u2028", "\ufeff", "\ud800"),
  ),
  maxLength: 40,
});
/** C0, DEL, C1, direction overrides, line separators. */
const dangerous = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;

describe("printable", () => {
  it("leaves nothing that a terminal would interpret", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(dangerous);
      }),
    );
  });

  it("leaves ordinary text of any script alone", () => {
    for (const text of ["db.url", "größer", "設定", "👩‍🚀", "a\\b"])
      expect(printable(text)).toBe(text);
  });

  it("shows an escape sequence instead of running it", () => {
    expect(printable("\u001b[2Jgone\u009b1m")).toBe("\\u001b[2Jgone\\u009b1m");
  });
});

describe("printableJson", () => {
  it("means the same as the value, and holds nothing that a terminal would interpret", () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText, (value, text) => {
        const written = printableJson({ value, text });
        expect(written).not.toMatch(dangerous);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      }),
    );
  });

  it("breaks lines only for the indentation", () => {
    expect(printableJson({ a: "x\ny\u0085" }, 2)).toBe('{\n  "a": "x\\ny\\u0085"\n}');
  });
});

describe("truncate", () => {
  it("never takes more cells than it may, and marks every cut", () => {
    fc.assert(
      fc.property(anyText.map(printable), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = truncate(text, width);
        expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        expect(cut === text || cut.endsWith("…")).toBe(true);
      }),
    );
  });

  it("counts wide characters as two cells", () => {
    expect(displayWidth("設定")).toBe(4);
    expect(truncate("設定値", 5)).toBe("設定…");
    expect(truncate("設定値", 4)).toBe("設…");
  });
});
