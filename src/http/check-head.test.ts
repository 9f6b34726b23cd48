import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkHead, checkTarget } from "./check-head.ts";

const codeOf = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as { code: string }).code;
  }
};

/** Runtimes make no `Request` with such a Host; servers do. */
const received = (url: string, headers: Record<string, string>): Request =>
  ({ url, headers: new Headers(headers) }) as Request;

describe("a path and query", () => {
  it("may have 8192 characters, and not one more", () => {
    expect(codeOf(() => checkTarget(`/${"a".repeat(8_191)}`))).toBeUndefined();
    expect(codeOf(() => checkTarget(`/${"a".repeat(8_192)}`))).toBe("URI_TOO_LONG");
  });

  it("that pass name the same path for whoever resolves them", () => {
    const piece = fc.constantFrom("/", "/", ".", "..", "%2e", "%2E", "a", "%2f", "?", "#", ":");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const target = `/${pieces.join("")}`;
        const { pathname } = new URL(`http://host${target}`);
        const [path = ""] = target.split(/[?#]/);
        expect(codeOf(() => checkTarget(target))).toBe(
          pathname === path ? undefined : "INVALID_INPUT",
        );
      }),
      { numRuns: 5_000 },
    );
  });

  it("may have dots elsewhere than as a whole segment", () => {
    for (const target of [
      "/v1/config/a..b",
      "/v1/config/.a",
      "/v1/config?prefix=/../",
      "/...",
      "/",
    ]) {
      expect(codeOf(() => checkTarget(target))).toBeUndefined();
    }
  });
});

describe("the head of a request", () => {
  const overhead = "/a".length + "host".length + "h".length + "x".length;

  it("may have as many bytes as the limit says, and not one more", () => {
    const sized = (sizeBytes: number): Request =>
      received("http://h/a", { host: "h", x: "v".repeat(sizeBytes - overhead) });
    expect(codeOf(() => checkHead(sized(4_096), 4_096))).toBeUndefined();
    expect(codeOf(() => checkHead(sized(4_097), 4_096))).toBe("HEADERS_TOO_LARGE");
  });

  it("is as large with many small headers as with a big one", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, "value"]));
    expect(codeOf(() => checkHead(received("http://h/", many), 4_096))).toBe("HEADERS_TOO_LARGE");
  });

  it("may name any host, and nothing else in its place", () => {
    for (const host of ["example.org", "example.org:8080", "[::1]:80", "10.0.0.1", "my_host", ""]) {
      expect(codeOf(() => checkHead(received("http://h/", { host }), 4_096))).toBeUndefined();
    }
    for (const host of ["a/v1/config/b#", "a?", "a#", "user@b", "a b", "a\\b", "a%2fb"]) {
      expect(codeOf(() => checkHead(received("http://h/", { host }), 4_096))).toBe("INVALID_INPUT");
    }
  });
});
