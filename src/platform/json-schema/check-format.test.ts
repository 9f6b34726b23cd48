import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formats } from "./check-format.ts";
import { createRun } from "./run.ts";
import { accepts } from "./testing/refusal-of.ts";

type Cases = readonly [format: string, good: readonly string[], bad: readonly string[]];

const cases: readonly Cases[] = [
  [
    "date",
    ["2024-02-29", "2000-02-29"],
    ["2023-02-29", "1900-02-29", "2024-13-01", "2024-4-01", ""],
  ],
  ["time", ["08:30:06Z", "08:30:06.28+01:30", "23:59:60z"], ["08:30:06", "24:00:00Z", "08:30:60Z"]],
  ["time", ["00:29:60+00:30", "15:59:60-08:00"], ["23:59:60+01:00", "08:30:06+24:00", "8:30:06Z"]],
  ["date-time", ["2026-01-31T12:00:00Z", "1990-12-31t15:59:60-08:00"], ["2026-01-31 12:00:00Z"]],
  [
    "date-time",
    ["2026-01-31T12:00:00.123+02:00"],
    ["2026-01-31T12:00Z", "2026-02-30T12:00:00Z", "T"],
  ],
  [
    "duration",
    ["PT15M", "P1Y2M3DT4H5M6S", "P2W", "P1D"],
    ["P", "PT", "P1", "P1YT", "P1D2H", "P1W1D"],
  ],
  ["email", ["a.b+c@example.com", '"a b"@x', "a@[127.0.0.1]"], ["a", "@b", "a@", ".a@b", "a..b@c"]],
  ["email", ["a@[IPv6:::1]"], ["a b@c", "a@b_c", "a@[x]", "a@[127.0.0.300]", "a@b@c"]],
  [
    "hostname",
    ["localhost", "a-b.example", "1a", "xn--4gbwdl"],
    ["", ".", "a.", "-a", "a-", "a_b"],
  ],
  ["hostname", [`${"a".repeat(63)}.b`], ["a".repeat(64), `${"a.".repeat(130)}b`, "é.example"]],
  [
    "ipv4",
    ["0.0.0.0", "255.255.255.255"],
    ["256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "0x7f.0.0.1"],
  ],
  [
    "ipv6",
    ["::", "::1", "1:2:3:4:5:6:7:8", "1::8", "::ffff:1.2.3.4"],
    ["", ":", ":::", "1:2:3", "12345::"],
  ],
  ["ipv6", ["1:2:3:4:5:6:1.2.3.4", "1::"], ["1::2::3", "1:2:3:4:5:6:7:8:9", "::1%eth0", "1.2.3.4"]],
  [
    "uri",
    ["https://u:p@a.b:80/c?d=e#f", "urn:isbn:1", "http://[::1]/"],
    ["/a", "a", "", "http://a b"],
  ],
  [
    "uri",
    ["mailto:a@b", "data:,x%20y"],
    ["http://a/%zz", "http://[::1", "http://a:b/", "http://<a>", "1a:b"],
  ],
  [
    "uri-reference",
    ["", "/a", "../b", "#c", "?d", "//host/p"],
    ["\\a", "a b", "1:a", "#a#b", "//a[b"],
  ],
  ["uuid", ["123E4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000", "x", ""]],
  ["json-pointer", ["", "/", "/a~0b~1/0"], ["a", "/~", "/~2", "#/a"]],
  ["regex", ["", "^a{2,3}$", "[^]"], ["(", "(?=a)", "a{2,1}", "a".repeat(1_025)]],
];

describe("formats", () => {
  it.each(cases)("%s takes %j and refuses %j", (format, good, bad) => {
    for (const text of good) expect([text, accepts({ format }, text)]).toEqual([text, true]);
    for (const text of bad) expect([text, accepts({ format }, text)]).toEqual([text, false]);
  });

  it.each([...formats.keys()])("%s looks at texts only", (format) => {
    for (const value of [null, true, 1, [], {}]) expect(accepts({ format }, value)).toBe(true);
  });

  it.each([...formats.keys()])("%s takes no text with a line break at its end", (format) => {
    for (const [name, good] of cases) {
      if (name !== format || ["json-pointer", "regex"].includes(format)) continue;
      for (const text of good)
        expect([text, accepts({ format }, `${text}\n`)]).toEqual([text, false]);
    }
  });

  it("judges any text without an error", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(..."[ ] : @ / . - % 0 a T + \\".split(" ")) }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...formats.values()), text, (format, candidate) => {
        expect(format.accepts(candidate, createRun(false))).toBeTypeOf("boolean");
      }),
      { numRuns: 5_000 },
    );
  });

  it("judges long texts in linear time, where backtracking would take years", () => {
    for (const unit of ["a", "a.", "a-", "0", ":", "1D", "%20", "~0/", "\\ "]) {
      for (const format of formats.keys()) {
        if (format === "regex") continue;
        for (const prefix of ["", '"', "P", "http://", "a@", "2026-01-01T00:00:00."]) {
          const text = `${prefix}${unit.repeat(100_000)}!`;
          expect(accepts({ format }, text)).toBeTypeOf("boolean");
        }
      }
    }
  });
});
