import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { unique } from "./vocabulary.ts";

/** Each level holds the one before ten times. */
const bomb = (levels: number): string =>
  Array.from({ length: levels }, (_, level) => {
    const below = level === 0 ? '"lol"' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(10).fill(below).join(", ")}]`;
  }).join("\n");

export const badYaml: Area = (api) => {
  const post = (service: string, text: string) =>
    api.sendText("POST", `/config/${service}`, "application/yaml", text);

  describe("a YAML body", () => {
    const refused: Record<string, [text: string, detail: RegExp]> = {
      "is not YAML": ["a: [1", /YAML/],
      "is indented by tabs": ["a:\n\tb: 1", /tab/],
      "has a key twice": ["a: 1\nb: 2\na: 1", /line 3, column 1/],
      "has a key twice in a nested map": ["a:\n  b: 1\n  b: 2", /a\.b/],
      "has several documents": ["a: 1\n---\nb: 2", /2 YAML documents/],
      "is a list": ["- a", /object|map|record/],
      "is a scalar": ["text", /object|map|record/],
      "has a tag of its own": ["a: !!js/function 'x'", /tag/],
      "has a local tag": ["a: !secret x", /tag/],
      "has a list for a key": ["[a, b]: 1", /key/],
      "names an alias that there is not": ["a: *nobody", /nobody|alias/],
      "holds itself": ["a: &a\n  b: *a", /alias|itself/],
      "has __proto__": ["__proto__: {admin: true}", /__proto__/],
      "merges __proto__ in": ["a: &a {__proto__: 1}\nb:\n  <<: *a", /__proto__/],
      "has an integer past 2^53": ["a: 9007199254740993", /number 9007199254740993/],
      "has a hexadecimal one": ["a: 0xFFFFFFFFFFFFFFFF", /2\^53/],
      "has a number that JSON has not": ["a: .nan", /a/],
      "has infinity": ["a: -.inf", /a/],
      "has U+0000": ['a: "x\\0y"', /U\+0000/],
      "has half a surrogate pair": ['a: "\\ud83c"', /surrogate/],
      "nests 1,000 lists": [`a: ${"[".repeat(1_000)}`, /deep/],
      "nests 100,000 lists": [`a: ${"[".repeat(100_000)}${"]".repeat(100_000)}`, /deep/],
      "nests 1,000 maps by indentation": [
        Array.from({ length: 900 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
        /deep/,
      ],
      "is a bomb of aliases": [bomb(9), /values|alias/],
    };

    it.each(Object.entries(refused))("is refused if it %s", async (_what, [text, detail]) => {
      const service = unique("shop");
      const startedMs = performance.now();
      const reply = await post(service, text);
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      expect(reply).toBeProblem("INVALID_INPUT");
      expect((reply.body as { detail: string }).detail).toMatch(detail);
      expect(await api.get(`/config/${service}`)).toBeProblem("NOT_FOUND", { detail: service });
    });

    it("is refused quickly if it has more keys than a change set may", async () => {
      const text = Array.from({ length: 40_000 }, (_, index) => `k${index}: 0`).join("\n");
      const startedMs = performance.now();
      expect(await post(unique("shop"), text)).toBeProblem("TOO_LARGE", { detail: "40000" });
      expect(performance.now() - startedMs).toBeLessThan(5_000);
    });

    it("may use aliases as far as they are no bomb", async () => {
      const service = unique("shop");
      const reply = await post(service, "a: &x {p: 1, q: [2]}\nb: *x\nc: *x");
      expect(reply).toHaveStatus(201);
      const { body } = await api.get(`/config/${service}`);
      expect(body).toMatchObject({
        config: { "a.p": 1, "a.q": [2], "b.p": 1, "b.q": [2], "c.p": 1, "c.q": [2] },
      });
    });

    it("may be empty or hold only a comment: then it changes nothing", async () => {
      const service = unique("shop");
      await post(service, "a: 1");
      for (const text of ["", "# nothing\n", "---\n...\n"]) {
        const reply = await post(service, text);
        expect([200, 400]).toContain(reply.status);
        expect((await api.get(`/config/${service}`)).body).toMatchObject({ config: { a: 1 } });
      }
    });
  });

  describe("a YAML body of /validate", () => {
    it("is refused as JSON would be", async () => {
      for (const text of ["service: [", "service: shop\nconfig: {a: 1, a: 2}", bomb(9)]) {
        const reply = await api.sendText("POST", "/validate", "application/yaml", text);
        expect(reply).toBeProblem("INVALID_INPUT");
      }
    });
  });
};
