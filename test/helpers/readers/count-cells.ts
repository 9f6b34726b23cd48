import { expect } from "vitest";

/** Counts what was compared, so that a property cannot hold because hardly anything was. */
export interface Cells {
  note(isVisible: boolean): void;
  /** What of an administrator's answer is visible, each item of it counted. */
  keep<Item>(items: readonly Item[], isVisible: (item: Item) => boolean): Item[];
  /** Both answers have to be common. */
  expectAtLeast(least: number): void;
}

export const countCells = (): Cells => {
  const cells = { visible: 0, hidden: 0 };
  const note = (isVisible: boolean): void => {
    cells[isVisible ? "visible" : "hidden"] += 1;
  };
  return {
    note,
    keep: (items, isVisible) =>
      items.filter((item) => {
        const kept = isVisible(item);
        note(kept);
        return kept;
      }),
    expectAtLeast: (least) => {
      const all = cells.visible + cells.hidden;
      expect(all).toBeGreaterThanOrEqual(least);
      expect(cells.visible / all).toBeGreaterThanOrEqual(0.1);
      expect(cells.hidden / all).toBeGreaterThanOrEqual(0.1);
    },
  };
};
