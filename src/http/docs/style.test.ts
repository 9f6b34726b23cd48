import { describe, expect, it } from "vitest";
import { palettes, stylesheet } from "./style.ts";

/** WCAG 2.2: relative luminance of `#rrggbb`. */
const luminance = (colour: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: string, other: string): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

describe("the style of the docs", () => {
  it.each(Object.entries(palettes))("has text that can be read in the %s scheme", (_, palette) => {
    const { page, raised, line, ...texts } = palette;
    for (const [name, colour] of Object.entries(texts)) {
      expect(contrast(colour, page), `${name} on page`).toBeGreaterThanOrEqual(4.5);
      expect(contrast(colour, raised), `${name} on raised`).toBeGreaterThanOrEqual(4.5);
    }
    expect(line).not.toBe(page);
  });

  it("uses no colour that a scheme lacks, and closes every brace", () => {
    const used = [...stylesheet.matchAll(/var\(--([\w-]+)\)/g)].map(([, name]) => name);
    for (const palette of Object.values(palettes)) {
      expect(Object.keys(palette)).toEqual(expect.arrayContaining(used));
    }
    expect(stylesheet.split("{")).toHaveLength(stylesheet.split("}").length);
    expect(stylesheet).not.toContain("<");
  });
});
