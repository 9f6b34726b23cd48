import { describe, expect, it } from "vitest";
import { limitOf } from "./settings.ts";
import type { Area } from "./suite.ts";
import { commit, expectNeverWritten, propose, put, unique } from "./vocabulary.ts";

const defaultMaxDepth = 32;

const nested = (levels: number): unknown => {
  let value: unknown = "core";
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value };
  return value;
};

export const valueLimits: Area = (api) => {
  describe("limits", () => {
    it("hold for a value's size in bytes of UTF-8", async () => {
      const app = unique("shop");
      const room = limitOf("MAX_VALUE_BYTES") - 2; // The quotes count.
      await commit(api, [put({ app, key: "full", value: "v".repeat(room) })]);
      // Three bytes each.
      const reply = await propose(api, [put({ app, key: "over", value: "€".repeat(room / 2) })]);
      expect(reply).toBeProblem("TOO_LARGE", { detail: String(limitOf("MAX_VALUE_BYTES")) });
      await expectNeverWritten(api, { app, key: "over" });
    });

    it("hold for the number of operations", async () => {
      const app = unique("shop");
      const operations = Array.from({ length: limitOf("MAX_OPERATIONS") + 1 }, (_, index) =>
        put({ app, key: `key.${index}`, value: index }),
      );
      const reply = await propose(api, operations);
      expect(reply).toBeProblem("TOO_LARGE", { detail: String(limitOf("MAX_OPERATIONS")) });
      await commit(api, operations.slice(1));
    });

    it("hold for the keys of a layer", async () => {
      const app = unique("shop");
      const keys = (from: number, to: number) =>
        Array.from({ length: to - from }, (_, index) =>
          put({ app, key: `key.${from + index}`, value: 1 }),
        );
      const most = limitOf("MAX_LAYER_KEYS");
      await commit(api, keys(0, 100));
      expect(await propose(api, keys(100, most + 1))).toBeProblem("UNPROCESSABLE", {
        detail: String(most),
        paths: ["operations"],
      });
      await commit(api, keys(100, most));
      // A full layer can still be changed.
      await commit(api, [put({ app, key: "key.0", value: 2 })]);
    });

    it("hold for a value's depth", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "deep", value: nested(defaultMaxDepth) })]);
      const reply = await propose(api, [
        put({ app, key: "deeper", value: nested(defaultMaxDepth + 1) }),
      ]);
      expect(reply).toBeProblem("UNPROCESSABLE", { paths: ["operations.0.value"] });
      const { body } = await api.get(`/v1/config/deep?app=${app}`);
      expect(body).toMatchObject({ value: nested(defaultMaxDepth) });
    });

    it("hold for a schema's size", async () => {
      const schema = { enum: Array.from({ length: 10_000 }, (_, index) => `value ${index}`) };
      const reply = await propose(api, [put({ key: unique("a"), value: "value 1", schema })]);
      expect([413, 422]).toContain(reply.status);
      expect(reply.text).toContain("operations.0.schema");
    });

    it("hold for a key's length, to the character", async () => {
      const app = unique("shop");
      const key = "k".repeat(256);
      await commit(api, [put({ app, key, value: 1 })]);
      expect((await api.get(`/v1/config/${key}?app=${app}`)).body).toMatchObject({ key });
      expect(await api.get(`/v1/config/${key}k?app=${app}`)).toBeProblem("INVALID_INPUT", {
        paths: ["key"],
      });
    });
  });
};
