import { expect, it, test, vi } from "vitest";
import { naiveMatch } from "../../test/helpers/naive-permissions.ts";
import { bothPermit, compileKeyFilter } from "./key-filter.ts";

/** How often sets are asked and names are searched for one decision. */
const countWork = (decide: () => boolean): { work: number; answer: boolean } => {
  const spies = [
    vi.spyOn(Set.prototype, "has"),
    vi.spyOn(String.prototype, "indexOf"),
    vi.spyOn(String.prototype, "startsWith"),
  ];
  const answer = decide();
  const work = spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return { answer, work };
};

it("asks as little for ten thousand names and prefixes as for ten", () => {
  const workOf = (count: number): number => {
    const patterns = Array.from({ length: count }, (_, index) => {
      const name = `service.${String(index).padStart(5, "0")}`;
      return index % 2 === 0 ? name : `${name}.*`;
    });
    const filter = compileKeyFilter([patterns], []);
    expect(filter.allows("service.00001.host")).toBe(true);
    const { answer, work } = countWork(() => filter.allows("service.99999.host"));
    expect(answer).toBe(false);
    return work;
  };
  expect(workOf(10)).toBeGreaterThan(0);
  expect(workOf(10_000)).toBe(workOf(10));
});

it("never asks more than the length of a name for prefixes of every length", () => {
  const prefixes = Array.from({ length: 256 }, (_, length) => `${"a".repeat(length)}*`).slice(1);
  const filter = compileKeyFilter([prefixes.map((prefix) => `b${prefix}`)], []);
  const { answer, work } = countWork(() => filter.allows("a".repeat(256)));
  expect(answer).toBe(false);
  expect(work).toBeLessThanOrEqual(257);
});

it("searches once for each star of ten thousand hostile patterns", () => {
  const patterns = Array.from({ length: 10_000 }, (_, index) => `${"*a".repeat(6)}*b${index}*`);
  const filter = compileKeyFilter([patterns], []);
  const { answer, work } = countWork(() => filter.allows("a".repeat(256)));
  expect(answer).toBe(false);
  // Of each pattern the beginning, and at most the seven parts between its stars.
  expect(work).toBeGreaterThan(patterns.length);
  expect(work).toBeLessThanOrEqual(patterns.length * 8 + 1);
});

test.each([
  { allow: [], deny: [], permits: "none" },
  { allow: [undefined], deny: [], permits: "all" },
  { allow: [["*"]], deny: [[]], permits: "all" },
  { allow: [undefined], deny: [undefined], permits: "none" },
  { allow: [["a*"], undefined], deny: [["b", "*"]], permits: "none" },
  { allow: [[]], deny: [], permits: "none" },
  { allow: [["a*"]], deny: [], permits: "some" },
  { allow: [undefined], deny: [["a"]], permits: "some" },
] as const)("$allow without $deny permits $permits", ({ allow, deny, permits }) => {
  expect(compileKeyFilter(allow, deny).permits).toBe(permits);
});

it("permits in two filters together what each of them does", () => {
  const patterns = ["*", "a*", "*b", "ab", "a*b*"];
  const filters = [
    compileKeyFilter([], []),
    ...patterns.map((pattern) => compileKeyFilter([[pattern]], [])),
    ...patterns.map((pattern) => compileKeyFilter([undefined], [[pattern]])),
  ];
  for (const one of filters) {
    for (const other of filters) {
      const both = bothPermit(one, other);
      for (const key of ["a", "b", "ab", "abb", "ba", "c"]) {
        expect(both.allows(key)).toBe(one.allows(key) && other.allows(key));
        expect(both.permits).toBeOneOf(["some", both.allows(key) ? "all" : "none"]);
      }
    }
  }
});

it("lets a deny win over any allow", () => {
  const filter = compileKeyFilter([["db.*", "db.host"], undefined], [["*.host"]]);
  for (const key of ["db.host", "db.port", "x.host"]) {
    expect(filter.allows(key)).toBe(!naiveMatch("*.host", key));
  }
});
