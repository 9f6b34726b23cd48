import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { effort } from "../../../test/helpers/effort.ts";
import { generateKey, hashKey, keyIdOf } from "./key-text.ts";

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const form = /^fl_(?<id>[0-9A-Za-z]{16})_(?<secret>[0-9A-Za-z]{44})(?<checksum>[0-9A-Za-z]{6})$/;

const secretOf = (text: string): string => form.exec(text)?.groups?.["secret"] ?? "";

describe("a new key", () => {
  const keys = Array.from({ length: 3_000 }, generateKey);

  it("has the documented form, its id, and the hash of its whole text", () => {
    for (const { hash, id, text } of keys) {
      expect(form.exec(text)?.groups?.["id"]).toBe(id);
      expect(hash.equals(createHash("sha256").update(text).digest())).toBe(true);
      expect(hashKey(text).equals(hash)).toBe(true);
      expect(keyIdOf(text)).toBe(id);
    }
  });

  it("has a secret of more than 256 bits, whose letters are all as likely as each other", () => {
    const secrets = keys.map(({ text }) => secretOf(text));
    expect(secrets[0]!.length * Math.log2(letters.length)).toBeGreaterThan(256);
    for (let place = 0; place < 44; place += 1) {
      expect(new Set(secrets.map((secret) => secret[place])).size).toBe(letters.length);
    }
    const all = secrets.join("");
    const mean = all.length / letters.length;
    for (const letter of letters) {
      const count = all.split(letter).length - 1;
      // Six standard deviations; with the bias of `byte % 62` the first letters are about ten away.
      expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean));
    }
  });

  it("is like no other, in its id, its secret and its hash", () => {
    const size = (values: readonly string[]): number => new Set(values).size;
    expect(size(keys.map(({ id }) => id))).toBe(keys.length);
    expect(size(keys.map(({ text }) => secretOf(text)))).toBe(keys.length);
    expect(size(keys.map(({ hash }) => hash.toString("hex")))).toBe(keys.length);
  });
});

describe("a mistyped key", () => {
  const keys = Array.from({ length: 5 * effort }, () => generateKey().text);

  const mistakes: Record<string, (text: string) => string[]> = {
    "with another letter": (text) =>
      Array.from(text).flatMap((letter, place) =>
        [...Array.from(letters), "-", "_", " ", "é", "\u0000"]
          .filter((other) => other !== letter)
          .map((other) => text.slice(0, place) + other + text.slice(place + 1)),
      ),
    "cut at its end": (text) => Array.from(text).map((_, length) => text.slice(0, length)),
    "cut at its beginning": (text) => Array.from(text).map((_, start) => text.slice(start + 1)),
    "without a letter": (text) =>
      Array.from(text).map((_, place) => text.slice(0, place) + text.slice(place + 1)),
    "with a doubled letter": (text) =>
      Array.from(text).map((letter, place) => text.slice(0, place) + letter + text.slice(place)),
    "with swapped neighbours": (text) =>
      Array.from(text).flatMap((letter, place) => {
        const next = text[place + 1];
        if (next === undefined || next === letter) return [];
        return [text.slice(0, place) + next + letter + text.slice(place + 2)];
      }),
    doubled: (text) => [text + text, `${text} ${text}`, `${text}\n${text}`],
    "in other letters": (text) => [text.toLowerCase(), text.toUpperCase()],
    "with something around it": (text) => [
      ...["\n", "\r\n", " ", "\u0000", "=", "."].flatMap((more) => [text + more, more + text]),
      `"${text}"`,
      `Bearer ${text}`,
      text.normalize("NFKD").replace("fl_", "ﬂ_"),
    ],
  };

  test.each(Object.entries(mistakes))("%s is told from a key", (_, mistype) => {
    const wrong = keys.flatMap(mistype);
    expect(wrong.length).toBeGreaterThan(0);
    expect(wrong.filter((text) => keyIdOf(text) !== undefined)).toEqual([]);
  });

  it("is told from a key where its parts are those of others", () => {
    const [one = "", other = ""] = keys;
    const [, oneId, oneRest] = one.split("_");
    const [, otherId, otherRest] = other.split("_");
    expect(keyIdOf(`fl_${oneId}_${otherRest}`)).toBeUndefined();
    expect(keyIdOf(`fl_${otherId}_${oneRest}`)).toBeUndefined();
    expect(keyIdOf(one.slice(0, -6) + other.slice(-6))).toBeUndefined();
  });
});

it("hostile text is never taken for a key, and never an error", () => {
  const hostile = fc.oneof(
    fc.string({ unit: "binary", size: "medium" }),
    fc.string({ unit: fc.constantFrom("f", "l", "_", "0", "\ud800", "\u0000", "é") }),
    fc
      .tuple(fc.stringMatching(form), fc.string({ unit: "binary", maxLength: 3 }))
      .map(([text, more]) => text + more),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      expect(keyIdOf(text)).toBeUndefined();
    }),
    { numRuns: 2_000 * effort },
  );
  for (const text of ["", "fl_", "fl__", `fl_${"a".repeat(1_000_000)}_`, "\ud800", "__proto__"]) {
    expect(keyIdOf(text)).toBeUndefined();
  }
});
