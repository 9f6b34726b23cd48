import { expect, it } from "vitest";
import { formatId, parseId } from "./stream-id.ts";

it("reads what it has written", () => {
  for (const revision of [0, 1, 41, Number.MAX_SAFE_INTEGER >>> 1]) {
    const point = { epoch: "0123456789abcdef", revision };
    expect(parseId(formatId(point))).toEqual(point);
  }
});

it.each([
  "",
  "41",
  "0123456789abcdef",
  "0123456789abcdef-",
  "0123456789abcdef--1",
  "0123456789abcdef-01",
  "0123456789abcdef-1.5",
  "0123456789abcdef-1e3",
  "0123456789ABCDEF-1",
  "0123456789abcdef-9999999999999999",
  "0123456789abcdef-1\n",
  "xyz-1",
])("knows nothing else as an id: %j", (text) => {
  expect(parseId(text)).toBeUndefined();
});
