import * as fc from "fast-check";
import { expect, it } from "vitest";
import { excerptOf } from "./excerpt.ts";

const excerpt = (text: string, secrets: readonly string[] = [], isCut = false): string =>
  excerptOf({ bytes: new TextEncoder().encode(text), isCut, secrets });

it("is the beginning of the text, in one line", () => {
  expect(excerpt("")).toBe("");
  expect(excerpt("Grüße 👋")).toBe("Grüße 👋");
  expect(excerpt("a\r\n\u001b[31mb\0\u202e\u2028")).toBe(
    "a\\u{d}\\u{a}\\u{1b}[31mb\\u{0}\\u{202e}\\u{2028}",
  );
  expect(excerpt("x".repeat(5_000))).toBe(`${"x".repeat(1_023)}…`);
  expect(excerpt("x".repeat(1_024))).toBe("x".repeat(1_024));
});

it("takes bytes that are no text", () => {
  expect(excerptOf({ bytes: Uint8Array.of(0xff, 0x41, 0xc3), isCut: true, secrets: [] })).toBe(
    "\ufffdA\ufffd",
  );
});

it("is always well-formed, short and without controls", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4_096 }), fc.boolean(), (bytes, isCut) => {
      const text = excerptOf({ bytes, isCut, secrets: ["secret-value"] });
      expect(text.length).toBeLessThanOrEqual(1_024);
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }),
  );
});

it("hides what we sent, whole or in its parts, also where it was cut", () => {
  const secrets = ["Bearer abcdefgh12345678", "v1,AAAABBBBCCCC v1,DDDDEEEEFFFF", "short"];
  expect(excerpt("you sent Bearer abcdefgh12345678!", secrets)).toBe("you sent [redacted]!");
  expect(excerpt("token=abcdefgh12345678", secrets)).toBe("token=[redacted]");
  expect(excerpt("DDDDEEEEFFFF AAAABBBBCCCC", secrets)).toBe("[redacted] [redacted]");
  expect(excerpt("short is a word", secrets)).toBe("short is a word");
  expect(excerpt("it was abcdefgh1234", secrets, true)).toBe("it was ");
});
