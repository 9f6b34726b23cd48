import { describe, expect, it } from "vitest";
import { createBoundedCache } from "./bounded-cache.ts";

describe("createBoundedCache", () => {
  it("forgets what was used longest ago", () => {
    const cache = createBoundedCache<number>(2, 100);
    cache.set("a", 1, 1);
    cache.set("b", 2, 1);
    expect(cache.get("a")).toBe(1);
    cache.set("c", 3, 1);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([1, undefined, 3]);
  });

  it("forgets as many as their weight takes", () => {
    const cache = createBoundedCache<number>(10, 100);
    for (const key of ["a", "b", "c"]) cache.set(key, 1, 30);
    cache.set("d", 2, 60);
    expect(cache.get("b")).toBeUndefined();
    expect([cache.get("c"), cache.get("d")]).toEqual([1, 2]);
  });

  it("does not keep what is heavier than all of it, nor drop others for it", () => {
    const cache = createBoundedCache<number>(10, 100);
    cache.set("a", 1, 30);
    cache.set("b", 2, 101);
    expect([cache.get("a"), cache.get("b")]).toEqual([1, undefined]);
  });

  it("weighs anew what is set again", () => {
    const cache = createBoundedCache<number>(10, 100);
    cache.set("a", 1, 90);
    cache.set("a", 2, 10);
    cache.set("b", 3, 90);
    expect([cache.get("a"), cache.get("b")]).toEqual([2, 3]);
  });
});
