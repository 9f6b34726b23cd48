import { describe, expect, it } from "vitest";
import { sendRaw } from "../helpers/raw-request.ts";
import type { Area } from "./suite.ts";
import { commit, expectNeverWritten, put, unique } from "./vocabulary.ts";

/** A change set that puts one value, as text. */
const putting = (value: string, key = "a"): string =>
  `{"operations":[{"op":"put","kind":"config","app":"shop","key":"${key}","value":${value}}]}`;

const jsonHeaders = { "content-type": "application/json" };

export const badJson: Area = (api, server) => {
  const post = (text: string | Uint8Array) =>
    api.sendText("POST", "/v1/changes", "application/json", text);

  describe("a JSON body", () => {
    const malformed: Record<string, string> = {
      "is empty": "",
      "is blank": " \n",
      "is not JSON": "hello",
      "is cut off": putting("1").slice(0, -3),
      "goes on after its end": `${putting("1")} {}`,
      "has a comment": `/* why */ ${putting("1")}`,
      "has a comma too many": '{"operations":[],}',
      "has single quotes": "{'operations':[]}",
      "has a raw line break in a string": putting('"a\nb"'),
      "has an unknown escape": putting('"\\x"'),
      "has NaN": putting("NaN"),
      "has a leading zero": putting("01"),
      "has a raw U+0000": putting('"a\0b"'),
    };

    it.each(Object.entries(malformed))("is refused if it %s", async (_what, text) => {
      const reply = await post(text);
      expect(reply).toBeProblem("INVALID_INPUT");
      expect(reply.body).toMatchObject({ errors: [{ message: expect.stringMatching(/\w{3}/) }] });
    });

    const place = "operations.0.value";
    const untrue: [what: string, value: string, path: string][] = [
      ["an integer past 2^53", "9007199254740993", place],
      ["a negative one", "-9007199254740993", place],
      ["one that is written as a power", "1e300", place],
      ["one that no double holds", "1e999", place],
      ["a fraction with more digits than a double", "0.12345678901234567890", place],
      ["a number so small that it would be 0", "1e-400", place],
      ["U+0000", '"a\\u0000b"', place],
      ["half of a surrogate pair", '"\\ud83c"', place],
      ["the other half", '"\\udf0d!"', place],
      ["a name with U+0000", '{"a\\u0000":1}', `${place}.a\0`],
      ["a name with half a surrogate pair", '{"\\ud83c":1}', `${place}.\uFFFD`],
      ["__proto__", '{"__proto__":{"admin":true}}', `${place}.__proto__`],
      ["an escaped __proto__", '{"\\u005f_proto__":1}', `${place}.__proto__`],
      ["constructor for a name", '{"constructor":{}}', `${place}.constructor`],
      ["prototype for a name", '[{"prototype":1}]', `${place}.0.prototype`],
      ["one name twice", '{"a":1,"b":2,"a":1}', `${place}.a`],
      ["one name twice, once escaped", '{"a":1,"\\u0061":2}', `${place}.a`],
    ];

    it.each(untrue)("is refused with %s, at its place", async (_what, value, path) => {
      const key = unique("bad");
      expect(await post(putting(value, key))).toBeProblem("INVALID_INPUT", { paths: [path] });
      await expectNeverWritten(api, { app: "shop", key });
    });

    it("keeps the numbers that it can, to the last digit", async () => {
      const app = unique("shop");
      const numbers =
        "[9007199254740992,-9007199254740991,0.1,1e-7,5e-324,1.0,-0.5,123456789.125,1E3]";
      const text = putting(numbers).replace('"shop"', `"${app}"`);
      expect(await post(text)).toHaveStatus(201);
      const { body } = await api.get(`/v1/config/a?app=${app}`);
      expect(body).toMatchObject({ value: JSON.parse(numbers) });
    });

    it("may begin with a byte order mark, and hold any character", async () => {
      const app = unique("shop");
      const text = `\uFEFF${putting('"\\ud83c\\udf0d 🌍 \\u2028 \\uffff \\u0001"')}`.replace(
        '"shop"',
        `"${app}"`,
      );
      expect(await post(text)).toHaveStatus(201);
      const { body } = await api.get(`/v1/config/a?app=${app}`);
      expect(body).toMatchObject({ value: "🌍 🌍 \u2028 \uffff \u0001" });
    });

    it("must be UTF-8", async () => {
      const [before = "", after = ""] = putting('"|"').split("|");
      const parts = [before, after].map((part) => new TextEncoder().encode(part));
      for (const bytes of [
        [0xff],
        [0xc0, 0x80],
        [0xed, 0xa0, 0xbc],
        [0xe2, 0x82],
        [0xf5, 0x80, 0x80, 0x80],
      ]) {
        const text = Uint8Array.from([...parts[0]!, ...bytes, ...parts[1]!]);
        expect(await post(text)).toBeProblem("INVALID_INPUT", { detail: "UTF-8" });
      }
      const utf16 = Uint8Array.from([0xff, 0xfe, ...Buffer.from(putting("1"), "utf16le")]);
      expect(await post(utf16)).toBeProblem("INVALID_INPUT", { detail: "UTF-16" });
    });

    it.each([
      ["lists", "[".repeat(100_000)],
      ["maps", '{"a":'.repeat(80_000)],
      ["lists that are closed again", "[".repeat(100_000) + "]".repeat(100_000)],
    ])("is refused if it nests 80,000 %s and more", async (_what, value) => {
      expect(await post(putting(value))).toBeProblem("INVALID_INPUT", { detail: "deep" });
      expect(await post(value)).toBeProblem("INVALID_INPUT", { detail: "deep" });
      expect(await api.get("/livez")).toHaveStatus(200);
    });

    it("is refused quickly, whatever it holds", async () => {
      const members = Array.from({ length: 30_000 }, (_, index) => `"k${index}":0`).join(",");
      const startedMs = performance.now();
      expect(await post(putting(`{${members}}`))).toBeProblem("TOO_LARGE", { detail: "4096" });
      expect(await post(putting(`"${"\\u0000".repeat(50_000)}"`))).toBeProblem("INVALID_INPUT");
      expect(await post(putting("9".repeat(400_000)))).toBeProblem("INVALID_INPUT");
      expect(await post(`${" ".repeat(400_000)}x`)).toBeProblem("INVALID_INPUT");
      expect(performance.now() - startedMs).toBeLessThan(3_000);
    });

    it("names up to 20 faults, and echoes none at length", async () => {
      const text = putting(
        `[${Array(50)
          .fill(`"${"x".repeat(500)}\\u0000"`)
          .join(",")}]`,
      );
      const reply = await post(text);
      expect(reply).toBeProblem("INVALID_INPUT");
      expect((reply.body as { errors: unknown[] }).errors).toHaveLength(20);
      expect(reply.text.length).toBeLessThan(8_000);
    });
  });

  describe("a request that breaks off", () => {
    it.each<[how: string, framing: Record<string, string>, sent: (text: string) => string]>([
      ["before its announced length", { "content-length": "4000" }, (text) => text],
      [
        "between its chunks",
        { "transfer-encoding": "chunked" },
        (text) => `${text.length.toString(16)}\r\n${text}\r\n`,
      ],
      [
        "within a chunk",
        { "transfer-encoding": "chunked" },
        (text) => `${(text.length + 9).toString(16)}\r\n${text}`,
      ],
    ])("%s changes nothing, though its JSON is whole", async (_how, framing, sent) => {
      const key = unique("broken");
      const answer = await sendRaw({
        url: server().url,
        line: "POST /v1/changes",
        headers: { ...jsonHeaders, "x-api-key": server().adminKey, ...framing },
        sent: sent(putting("1", key)),
      });
      expect(answer).not.toMatch(/^HTTP\/1\.1 2/);
      await expectNeverWritten(api, { app: "shop", key });
      // And the server goes on.
      await commit(api, [put({ app: unique("shop"), key: "a", value: 1 })]);
    });
  });
};
