import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";

export const badParameters: Area = (api) => {
  describe("a query", () => {
    it.each([
      ["an unknown parameter", "/v1/config?enviroment=production", "enviroment"],
      ["a parameter in other case", "/v1/config?App=shop", "App"],
      ["a parameter given twice", "/v1/config?app=a&app=b", "app"],
      ["an empty parameter", "/v1/config?app=", "app"],
      ["an illegal app", "/v1/config?app=a%20b", "app"],
      ["an illegal environment", "/v1/config?environment=-x", "environment"],
      ["an explain that is neither true nor false", "/v1/config/a?explain=1", "explain"],
      ["a minRevision that is none", "/v1/config?minRevision=new", "minRevision"],
      ["a negative minRevision", "/v1/config?minRevision=-1", "minRevision"],
      ["a minRevision past 2^53", "/v1/config?minRevision=9007199254740993", "minRevision"],
      ["a prefix that is too long", `/v1/config?prefix=${"p".repeat(257)}`, "prefix"],
      ["no key for a history", "/v1/history?kind=config", "key"],
      ["no kind for a history", "/v1/history?key=a", "kind"],
      ["a replace that is neither true nor false", "/config/shop?replace=yes", "replace"],
    ])("with %s is refused, and the answer names it", async (_what, path, name) => {
      const reply = path.startsWith("/config/") ? await api.post(path, {}) : await api.get(path);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [name] });
    });

    it.each([
      ["/v1/config?prefix", "prefix"],
      ["/v1/entries?prefix", "prefix"],
      ["/v1/history?key=a&kind", "kind"],
      ["/v1/changes?kind", "kind"],
      ["/v1/entries?kind", "kind"],
      ["/v1/entries?cursor", "cursor"],
    ])("of %s with U+0000, which cannot be stored, is refused", async (path, name) => {
      const reply = await api.get(`${path}=a%00b`);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [name] });
    });

    it("of a note with U+0000 is refused as well", async () => {
      const reply = await api.post("/config/shop?change_log=a%00b", { a: 1 });
      expect(reply).toBeProblem("INVALID_INPUT", { paths: ["change_log"] });
    });

    it("names every wrong parameter at once", async () => {
      const reply = await api.get("/v1/config?apps=a&environment=&app=a&app=b");
      expect(reply).toBeProblem("INVALID_INPUT", { paths: ["apps", "environment", "app"] });
    });
  });

  describe("a path", () => {
    it.each(["%20", "%00", "%zz", "%ff", "%", "a%2Fb", "%2e%2e%2fx", "a%0A", "__proto__", "ä"])(
      "with the key %s is refused",
      async (key) => {
        const path = `/v1/config/${key === "ä" ? encodeURIComponent(key) : key}`;
        expect(await api.get(path)).toBeProblem("INVALID_INPUT", { paths: ["key"] });
      },
    );

    it("is that of one route, to the letter and the slash", async () => {
      for (const path of ["/v1/config/", "/v1//config", "/V1/config", "/v1/changes/1/x", "/"]) {
        expect(await api.get(path)).toBeProblem("NOT_FOUND", { detail: path });
      }
    });
  });
};
