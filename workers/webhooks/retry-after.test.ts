import { expect, it } from "vitest";
import { parseRetryAfter } from "./retry-after.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

it.each([
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "120" }, 120_000],
  [{ "retry-after": " 7 " }, 7_000],
  [{ "retry-after": ["5", "9"] }, 5_000],
  [{ "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT" }, 30_000],
  [{ "retry-after": "Saturday, 21-Nov-26 12:00:30 GMT" }, 30_000],
  [{ "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, 0],
  [
    // A receiver whose clock is an hour ahead.
    { "retry-after": "Sat, 21 Nov 2026 13:00:30 GMT", date: "Sat, 21 Nov 2026 13:00:00 GMT" },
    30_000,
  ],
  [{ "retry-after": "Sat, 21 Nov 2026 12:00:30 GMT", date: "yesterday" }, 30_000],
  [{}, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "1.5" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "99999999999999999999" }, undefined],
  [{ "retry-after": "Sat, 99 Nov 2026 12:00:30 GMT" }, undefined],
] as const)("%j", (headers, expected) => {
  const given = headers as Record<string, string | string[]>;
  expect(parseRetryAfter(given, nowMs)).toBe(expected);
});
