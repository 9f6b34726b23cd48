import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, expectNeverWritten, propose, put, remove, unique } from "./vocabulary.ts";

const integer = { type: "integer" };

export const schemas: Area = (api) => {
  describe("a JSON Schema of an entry", () => {
    it("refuses a value that it does not allow, and names the place in it", async () => {
      const app = unique("shop");
      const schema = {
        type: "object",
        properties: { ports: { type: "array", items: { type: "integer", maximum: 65_535 } } },
      };
      const reply = await propose(api, [
        put({ app, key: "server", value: { ports: [80, 70_000] }, schema }),
      ]);
      expect(reply).toBeProblem("UNPROCESSABLE", { paths: ["operations.0.value.ports.1"] });
      await expectNeverWritten(api, { app, key: "server" });
    });

    it("holds for later values too, until it is removed", async () => {
      const name = { app: unique("shop"), key: "size" };
      await commit(api, [put({ ...name, value: 1, schema: integer })]);
      expect(await propose(api, [put({ ...name, value: "one" })])).toBeProblem("UNPROCESSABLE");
      const viaSeed = await api.put(`/v1/config/size?app=${name.app}`, { value: 1.5 });
      expect(viaSeed).toBeProblem("UNPROCESSABLE");
      await commit(api, [put({ ...name, value: "one", schema: null })]);
    });

    it("binds the stronger layers' values", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "size", value: 1, schema: integer })]);
      const strong = { app, environment: "production", key: "size" };
      const reply = await propose(api, [put({ ...strong, value: "large" })]);
      expect(reply).toBeProblem("UNPROCESSABLE", { paths: ["operations.0.value"] });
      // Not even by a looser schema of its own.
      const loose = await propose(api, [put({ ...strong, value: "large", schema: true })]);
      expect(loose).toBeProblem("UNPROCESSABLE");
      await commit(api, [put({ ...strong, value: 2 })]);
    });

    it("judges what a deep merge results in, not the patch", async () => {
      const app = unique("shop");
      const schema = { type: "object", required: ["host", "port"] };
      await commit(api, [put({ app, key: "db", value: { host: "db", port: 1 }, schema })]);
      const patch = { app, environment: "production", key: "db", merge: "deep" as const };
      await commit(api, [put({ ...patch, value: { port: 2 } })]);
      const reply = await propose(api, [put({ ...patch, value: { host: null } })]);
      expect(reply).toBeProblem("UNPROCESSABLE", {
        paths: ["operations.0"],
        detail: `${app}/production`,
      });
    });

    it("is judged when it changes, on every effective value that it governs", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "size", value: 1 }),
        put({ app, environment: "staging", key: "size", value: "large" }),
      ]);
      const reply = await propose(api, [put({ app, key: "size", value: 1, schema: integer })]);
      expect(reply).toBeProblem("UNPROCESSABLE", {
        paths: ["operations.0"],
        detail: `${app}/staging`,
      });
      // Both together are right, in whichever order.
      await commit(api, [
        put({ app, key: "size", value: 1, schema: integer }),
        put({ app, environment: "staging", key: "size", value: 2 }),
      ]);
    });

    it("is judged when a delete uncovers a weaker value", async () => {
      const [app, key] = [unique("shop"), unique("db")];
      const schema = { properties: { port: integer } };
      await commit(api, [
        put({ key, value: { port: "default" } }),
        put({ app, key, value: { port: 5432 } }),
        put({ app, key: "other", value: 1 }),
        put({ app, environment: "production", key, value: { pool: 1 }, merge: "deep", schema }),
      ]);
      const reply = await propose(api, [remove({ app, key })]);
      expect(reply).toBeProblem("UNPROCESSABLE", {
        paths: ["operations.0"],
        detail: `${app}/production`,
      });
      const { body } = await api.get(`/v1/config/${key}?app=${app}&environment=production`);
      expect(body).toMatchObject({ value: { port: 5432, pool: 1 } });
    });

    it("must be a schema", async () => {
      const wrong: [schema: unknown, path: string][] = [
        [{ type: "strng" }, "operations.0.schema.type"],
        [{ properties: { a: { minimum: "0" } } }, "operations.0.schema.properties.a.minimum"],
        [{ $schema: "http://json-schema.org/draft-04/schema#" }, "operations.0.schema.$schema"],
        [{ pattern: "(" }, "operations.0.schema.pattern"],
        [{ pattern: "(a)\\1" }, "operations.0.schema.pattern"],
        [{ $ref: "https://example.org/schema.json" }, "operations.0.schema.$ref"],
        [{ $ref: "#/$defs/missing" }, "operations.0.schema.$ref"],
        [{ $ref: "#" }, "operations.0.schema"],
      ];
      for (const [schema, path] of wrong) {
        const reply = await propose(api, [put({ key: unique("a"), value: {}, schema })]);
        expect(reply).toBeProblem("UNPROCESSABLE", { paths: [path] });
      }
      const odd = await propose(api, [put({ key: "a", value: 1, schema: "integer" })]);
      expect(odd).toBeProblem("INVALID_INPUT", { paths: ["operations.0.schema"] });
    });

    it("cannot hold the server up, whatever its patterns and references are", async () => {
      const app = unique("shop");
      const text = `${"a".repeat(2_000)}!`;
      const startedMs = performance.now();
      const pattern = await propose(api, [
        put({ app, key: "pattern", value: text, schema: { pattern: "^(a|a)*$" } }),
      ]);
      expect(pattern).toBeProblem("UNPROCESSABLE", { paths: ["operations.0.value"] });
      // Each level asks twice for the next: 2^24 checks, if nobody counts them.
      const levels = Object.fromEntries(
        Array.from({ length: 24 }, (_, level) => {
          const next = { $ref: `#/$defs/${level + 1}` };
          return [level, { allOf: [next, next] }];
        }),
      );
      const doubling = { $defs: { ...levels, 24: { type: "integer" } }, $ref: "#/$defs/0" };
      const references = await propose(api, [
        put({ app, key: "references", value: 1, schema: doubling }),
      ]);
      expect(references).toBeProblem("UNPROCESSABLE");
      expect(performance.now() - startedMs).toBeLessThan(3_000);
    });
  });

  describe("null", () => {
    it("is refused for a value, unless a schema allows it", async () => {
      const app = unique("shop");
      const refused = await propose(api, [put({ app, key: "a", value: null })]);
      expect(refused).toBeProblem("UNPROCESSABLE", { paths: ["operations.0.value"] });
      const schema = { type: ["integer", "null"] };
      await commit(api, [put({ app, key: "a", value: null, schema })]);
      const { body } = await api.get(`/v1/config/a?app=${app}`);
      expect(body).toMatchObject({ value: null, type: "json", version: 1 });
      const page = await api.get(`/v1/history?kind=config&app=${app}&key=a`);
      expect(page.body).toMatchObject({ items: [{ op: "put", value: null }] });
    });

    it("is a value like others inside of one", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: { b: null, c: [null] } })]);
      const { body } = await api.get(`/v1/config/a?app=${app}`);
      expect(body).toMatchObject({ value: { b: null, c: [null] } });
    });
  });
};
