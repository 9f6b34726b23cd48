import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, unique } from "./vocabulary.ts";

export const seedValidation: Area = (api) => {
  const validate = async (body: object) => {
    const reply = await api.post<{ valid: boolean; errors: { path: string }[] }>("/validate", {
      environment: "production",
      ...body,
    });
    expect(reply).toHaveStatus(200);
    expect(reply.headers.get("cache-control")).toBe("no-store");
    return { valid: reply.body.valid, paths: reply.body.errors.map(({ path }) => path) };
  };

  describe("POST /validate", () => {
    it("says whether a configuration would be accepted, and keeps nothing", async () => {
      const service = unique("shop");
      const before = await currentRevision(api);
      const config = { db: { pool: { size: 20 } } };
      expect(await validate({ service, config })).toEqual({ valid: true, paths: [] });
      expect(await currentRevision(api)).toBe(before);
      expect(await api.get(`/config/${service}`)).toBeProblem("NOT_FOUND", { detail: service });
    });

    it("holds it to the schemas of the entries", async () => {
      const service = unique("shop");
      const schema = { type: "object", properties: { size: { type: "integer" } } };
      await commit(api, [put({ app: service, key: "limits", value: {}, schema })]);
      const config = { "limits.other": 1, limits: { size: "large" } };
      expect(await validate({ service, config: { ...config, limits: [] } })).toEqual({
        valid: false,
        paths: ["limits"],
      });
    });

    it("holds it to a schema that is sent along", async () => {
      const service = unique("shop");
      const schema = {
        properties: { db: { properties: { pool: { properties: { size: { type: "integer" } } } } } },
      };
      const config = { db: { pool: { size: "large" } } };
      expect(await validate({ service, config, schema })).toEqual({
        valid: false,
        paths: ["db.pool.size"],
      });
      expect(
        await validate({ service, config: { db: { pool: { size: 1 } } }, schema }),
      ).toMatchObject({
        valid: true,
      });
      const noSchema = await validate({ service, config, schema: { type: "strng" } });
      expect(noSchema).toEqual({ valid: false, paths: ["schema.type"] });
    });

    it("names keys and names that are not legal or not known", async () => {
      const service = unique("shop");
      expect(await validate({ service, config: { "a b": 1 } })).toEqual({
        valid: false,
        paths: ["a b"],
      });
      expect(await validate({ service, environment: "prodution", config: { a: 1 } })).toEqual({
        valid: false,
        paths: ["environment"],
      });
      expect(await validate({ service, config: { a: null } })).toEqual({
        valid: false,
        paths: ["a"],
      });
    });

    it("reads YAML as well", async () => {
      const yaml = `service: ${unique("shop")}\nenvironment: production\nconfig:\n  db: {port: 1}\n`;
      const reply = await api.sendText("POST", "/validate", "application/yaml", yaml);
      expect(reply.body).toEqual({ valid: true, errors: [] });
    });
  });
};
