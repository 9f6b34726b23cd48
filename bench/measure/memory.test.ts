import { expect, test } from "vitest";
import { isSettled, residentBytes } from "./memory.ts";

test("reads what a process holds", () => {
  const held = residentBytes(process.pid);
  const { rss } = process.memoryUsage();
  expect(held).toBeGreaterThan(rss / 2);
  expect(held).toBeLessThan(rss * 2);
});

test("settled is what has not moved for some samples, whatever it did before", () => {
  expect(isSettled([100, 100, 100, 100, 100])).toBe(false);
  expect(isSettled([300, 100, 100, 100, 101, 100, 100])).toBe(true);
  expect(isSettled([100, 100, 100, 100, 100, 103])).toBe(false);
});
