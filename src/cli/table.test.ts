import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "./printable.ts";
import { renderTable } from "./table.ts";

const columns = [{ title: "KEY" }, { title: "VALUE", minimumWidth: 10 }] as const;

describe("renderTable", () => {
  it("prints every cell in full when piped, whatever its length", () => {
    const long = "x".repeat(5000);
    expect(renderTable(columns, [["a", long]])).toContain(long);
  });

  it("aligns columns and leaves no spaces at the ends of lines", () => {
    const text = renderTable(
      [{ title: "N", align: "right" }, { title: "KEY" }, { title: "X" }],
      [
        ["1", "long.key", "x"],
        ["12", "k", ""],
      ],
    );
    expect(text).toBe(" N  KEY       X\n 1  long.key  x\n12  k\n");
  });

  it("cuts values, and only values, to fit the terminal", () => {
    const text = renderTable(columns, [["some.key", "v".repeat(100)]], { width: 30 });
    const [, row = ""] = text.split("\n");
    expect(row).toMatch(/^some\.key {2}v+…$/);
    expect(displayWidth(row)).toBe(30);
  });

  it("cuts the widest column first, so that a short value stays whole beside a long one", () => {
    const both = [
      { title: "BEFORE", minimumWidth: 10 },
      { title: "AFTER", minimumWidth: 10 },
    ];
    const text = renderTable(both, [["v".repeat(100), "short"]], { width: 40 });
    expect(text).toContain("short");
  });

  it("fits any width that its uncut columns and minimums leave room for", () => {
    const cell = fc.string({ maxLength: 60, unit: fc.constantFrom("a", "é", "設", " ") });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("k", "key.b"), cell, cell), { minLength: 1 }),
        fc.integer({ min: 29, max: 120 }),
        (rows, width) => {
          const three = [columns[0], columns[1], { title: "AFTER", minimumWidth: 10 }];
          const text = renderTable(three, rows, { width });
          for (const line of text.split("\n")) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
          }
        },
      ),
    );
  });

  it("gives up on fitting rather than cut a key", () => {
    const text = renderTable(columns, [["k".repeat(50), "v"]], { width: 20 });
    expect(text).toContain("k".repeat(50));
  });
});
