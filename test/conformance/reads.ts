import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, unique } from "./vocabulary.ts";

const all = { app: null, environment: null };

export const reads: Area = (api) => {
  /** One key in each of its four layers, weakest first. */
  const fillLayers = async (
    values: readonly [unknown, unknown, unknown, unknown],
    merge: "replace" | "deep" = "replace",
  ) => {
    const [app, key] = [unique("shop"), unique("layered")];
    const scopes = [
      all,
      { app: null, environment: "production" },
      { app, environment: null },
      { app, environment: "production" },
    ];
    const { revision } = await commit(
      api,
      scopes.map((scope, index) => put({ ...scope, key, value: values[index], merge })),
    );
    return { app, key, revision, scopes };
  };

  describe("an effective value", () => {
    it("is that of the most specific layer", async () => {
      const { app, key } = await fillLayers(["global", "environment", "app", "both"]);
      const read = async (query: string) => {
        const { body } = await api.get<{ value: unknown }>(`/v1/config/${key}?${query}`);
        return body.value;
      };
      expect(await read(`app=${app}&environment=production`)).toBe("both");
      expect(await read(`app=${app}&environment=staging`)).toBe("app");
      expect(await read(`app=${app}`)).toBe("app");
      expect(await read("environment=production")).toBe("environment");
      expect(await read("environment=staging")).toBe("global");
      expect((await api.get(`/v1/config/${key}`)).body).toMatchObject({ value: "global" });
    });

    it("comes with its type, version, revision and scope", async () => {
      const scope = { app: unique("shop"), environment: "production" };
      const values = { string: "text", number: 1.5, boolean: false, json: { a: [1] } };
      await commit(
        api,
        Object.keys(values).map((key) => put({ ...scope, key, value: "before" })),
      );
      const { revision } = await commit(
        api,
        Object.entries(values).map(([key, value]) => put({ ...scope, key, value })),
      );
      for (const [type, value] of Object.entries(values)) {
        const { body } = await api.get(
          `/v1/config/${type}?app=${scope.app}&environment=production`,
        );
        expect(body).toEqual({ key: type, value, type, version: 2, revision, scope });
      }
    });

    it("is explained layer by layer, weakest first", async () => {
      const { app, key, revision, scopes } = await fillLayers([1, 2, 3, 4]);
      const { body } = await api.get(
        `/v1/config/${key}?app=${app}&environment=production&explain=true`,
      );
      expect(body).toMatchObject({ value: 4, scope: scopes[3] });
      expect(body).toHaveProperty(
        "layers",
        scopes.map((scope, index) => ({
          scope,
          value: index + 1,
          version: 1,
          revision,
          merge: "replace",
          won: index === 3,
          contributes: index === 3,
        })),
      );
      const staging = await api.get(
        `/v1/config/${key}?app=${app}&environment=staging&explain=true`,
      );
      expect(staging.body).toMatchObject({
        layers: [
          { scope: scopes[0], won: false },
          { scope: scopes[2], won: true },
        ],
      });
      const plain = await api.get(`/v1/config/${key}?app=${app}&explain=false`);
      expect(plain.body).not.toHaveProperty("layers");
    });

    it("is merged over the weaker ones where entries merge: null removes, arrays replace", async () => {
      const { app, key } = await fillLayers(
        [
          { a: 1, tags: ["x", "y"], inner: { keep: true, drop: 1 } },
          { b: 2, inner: { drop: null } },
          { tags: ["z"], c: { deep: { er: 1 } } },
          { a: null, c: { deep: { more: [null] } } },
        ],
        "deep",
      );
      const path = `/v1/config/${key}?app=${app}&environment=production`;
      const { body } = await api.get(`${path}&explain=true`);
      expect(body).toMatchObject({
        value: { b: 2, tags: ["z"], inner: { keep: true }, c: { deep: { er: 1, more: [null] } } },
        type: "json",
        layers: [
          { won: false, contributes: true },
          { won: false, contributes: true },
          { won: false, contributes: true },
          { won: true, contributes: true },
        ],
      });
      expect((body as { value: object }).value).not.toHaveProperty("a");
      expect((body as { value: { inner: object } }).value.inner).not.toHaveProperty("drop");
    });

    it("is replaced, not merged, by an entry that does not merge", async () => {
      const [app, key] = [unique("shop"), unique("layered")];
      await commit(api, [
        put({ key, value: { a: 1 } }),
        put({ app, key, value: { b: 2 } }),
        put({ app, environment: "production", key, value: { c: 3 }, merge: "deep" }),
      ]);
      const { body } = await api.get(
        `/v1/config/${key}?app=${app}&environment=production&explain=true`,
      );
      expect(body).toMatchObject({
        value: { b: 2, c: 3 },
        layers: [{ contributes: false }, { contributes: true }, { contributes: true, won: true }],
      });
      expect((body as { value: object }).value).not.toHaveProperty("a");
    });

    it("is found by a key that is percent-encoded, and by the case of its letters", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "db:pool.Size_1-x", value: "upper" }),
        put({ app, key: "db:pool.size_1-x", value: "lower" }),
        put({ app, key: "constructor", value: "a word like others" }),
      ]);
      for (const [path, value] of [
        ["db:pool.Size_1-x", "upper"],
        ["db%3Apool%2ESize_1%2dx", "upper"],
        ["db:pool.size_1-x", "lower"],
        ["constructor", "a word like others"],
      ]) {
        expect((await api.get(`/v1/config/${path}?app=${app}`)).body).toMatchObject({ value });
      }
      const { body } = await api.get<{ values: object }>(`/v1/config?app=${app}`);
      expect(Object.entries(body.values)).toContainEqual(["constructor", "a word like others"]);
    });

    it("is 404 for a key that there is not, and the answer names key and scope", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, environment: "staging", key: "a", value: 1 })]);
      const reply = await api.get(`/v1/config/a?app=${app}&environment=production`);
      expect(reply).toBeProblem("NOT_FOUND", { detail: `"a" for ${app}/production` });
    });
  });

  describe("the document of an app in an environment", () => {
    it("has every effective value by key", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      const { revision } = await commit(api, [
        put({ key, value: "global" }),
        put({ app, key: "b", value: 1 }),
        put({ app, environment: "production", key: "b", value: 2 }),
        put({ app, environment: "production", key: "a", value: { x: [null] } }),
        put({ app, environment: "staging", key: "c", value: 3 }),
      ]);
      const reply = await api.get<{ values: Record<string, unknown> }>(
        `/v1/config?app=${app}&environment=production`,
      );
      expect(reply.body).toMatchObject({
        app,
        environment: "production",
        revision,
        values: { a: { x: [null] }, b: 2, [key]: "global" },
      });
      expect(reply.body.values).not.toHaveProperty("c");
      expect(reply.headers.get("config-revision")).toBe(String(revision));
    });

    it("has only the keys that begin with a prefix, where one is named", async () => {
      const app = unique("shop");
      await commit(
        api,
        ["db.host", "db.port", "dbx", "other"].map((key) => put({ app, key, value: key })),
      );
      const { body } = await api.get(`/v1/config?app=${app}&prefix=db.`);
      expect(body).toMatchObject({ app, environment: null });
      expect(body).toHaveProperty("values", { "db.host": "db.host", "db.port": "db.port" });
      const none = await api.get(`/v1/config?app=${app}&prefix=%25`);
      expect(none.body).toHaveProperty("values", {});
    });

    it("without app and environment is that of the global layer", async () => {
      const key = unique("global");
      await commit(api, [put({ key, value: 1 }), put({ environment: "staging", key, value: 2 })]);
      const { body } = await api.get("/v1/config");
      expect(body).toMatchObject({ ...all, values: { [key]: 1 } });
    });
  });

  describe("a read", () => {
    const paths = [
      "/v1/config?",
      "/v1/config/some.key?",
      "/v1/history?kind=config&key=some.key&",
      "/v1/entries?",
      "/v1/changes?",
      "/v1/diff?from=0&to=0&",
      "/v1/diff?fromEnvironment=staging&toEnvironment=production&",
    ];

    it.each(paths)("of %s names an app that is unknown", async (path) => {
      const app = unique("misspelled");
      expect(await api.get(`${path}app=${app}`)).toBeProblem("NOT_FOUND", { detail: app });
    });

    it.each(paths.slice(0, -1))("of %s names an environment that is unknown", async (path) => {
      const reply = await api.get(`${path}environment=prodution`);
      expect(reply).toBeProblem("NOT_FOUND", { detail: "prodution" });
    });

    it("never shows inherited values for a name that is misspelled", async () => {
      const key = unique("global");
      await commit(api, [put({ key, value: "inherited" })]);
      for (const query of [`app=${unique("misspelled")}`, "environment=Production"]) {
        const reply = await api.get(`/v1/config/${key}?${query}`);
        expect(reply).toBeProblem("NOT_FOUND");
        expect(reply.text).not.toContain("inherited");
      }
    });

    it("with minRevision is at least as new, or 412", async () => {
      const app = unique("shop");
      const { revision } = await commit(api, [put({ app, key: "a", value: 1 })]);
      for (const path of ["/v1/config", "/v1/config/a"]) {
        const reached = await api.get(`${path}?app=${app}&minRevision=${revision}`);
        expect(reached).toHaveStatus(200);
        expect(Number(reached.headers.get("config-revision"))).toBeGreaterThanOrEqual(revision);
        const beyond = await api.get(`${path}?app=${app}&minRevision=${revision + 1_000}`);
        expect(beyond).toBeProblem("PRECONDITION_FAILED", { detail: String(revision + 1_000) });
        expect(beyond.body).toMatchObject({ currentRevision: await currentRevision(api) });
      }
    });

    it("can be strongly consistent", async () => {
      const app = unique("shop");
      for (let value = 1; value <= 3; value += 1) {
        const { revision } = await commit(api, [put({ app, key: "a", value })]);
        const reply = await api.get(`/v1/config/a?app=${app}&consistency=strong`);
        expect(reply.body).toMatchObject({ value, version: value, revision });
      }
      const odd = await api.get("/v1/config?consistency=weak");
      expect(odd).toBeProblem("INVALID_INPUT", { paths: ["consistency"] });
    });

    it("after a write sees it", async () => {
      const app = unique("shop");
      for (let value = 1; value <= 5; value += 1) {
        await commit(api, [put({ app, environment: "staging", key: "a", value })]);
        const { body } = await api.get(`/v1/config?app=${app}&environment=staging`);
        expect(body).toMatchObject({ values: { a: value } });
      }
    });
  });
};
