import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, readPages, remove, unique } from "./vocabulary.ts";

export const diffs: Area = (api) => {
  describe("the difference between two revisions", () => {
    it("says what was added, changed and removed, and turned around the opposite", async () => {
      const app = unique("shop");
      const { revision: from } = await commit(api, [
        put({ app, key: "changed", value: 1 }),
        put({ app, key: "removed", value: { a: 1 } }),
        put({ app, key: "same", value: 1 }),
        put({ app, key: "there.and.back", value: 1 }),
      ]);
      await commit(api, [
        put({ app, environment: "staging", key: "added", value: "new" }),
        put({ app, key: "changed", value: 2 }),
        put({ app, key: "there.and.back", value: 2 }),
        remove({ app, key: "removed" }),
      ]);
      const { revision: to } = await commit(api, [put({ app, key: "there.and.back", value: 1 })]);
      const whole = { kind: "config", app, environment: null };
      const staging = { ...whole, environment: "staging" };
      const forth = await api.get(`/v1/diff?from=${from}&to=${to}&app=${app}`);
      expect(forth.body).toEqual({
        items: [
          { change: "changed", ...whole, key: "changed", before: 1, after: 2 },
          { change: "removed", ...whole, key: "removed", before: { a: 1 }, after: null },
          { change: "added", ...staging, key: "added", before: null, after: "new" },
        ],
      });
      const back = await api.get(`/v1/diff?from=${to}&to=${from}&app=${app}`);
      expect(back.body).toEqual({
        items: [
          { change: "changed", ...whole, key: "changed", before: 2, after: 1 },
          { change: "added", ...whole, key: "removed", before: null, after: { a: 1 } },
          { change: "removed", ...staging, key: "added", before: "new", after: null },
        ],
      });
      const one = await api.get(`/v1/diff?from=${from}&to=${to}&app=${app}&environment=staging`);
      expect(one.body).toMatchObject({ items: [{ key: "added" }] });
      const none = await api.get(`/v1/diff?from=${to}&to=${to}`);
      expect(none.body).toEqual({ items: [] });
    });

    it("is that of the whole deployment where no scope is named", async () => {
      const [one, two] = [unique("shop"), unique("shop")];
      const from = await currentRevision(api);
      await commit(api, [put({ app: one, key: "a", value: 1 })]);
      await commit(api, [put({ app: two, key: "a", value: 1 })]);
      const { body } = await api.get<{ items: { app: string }[] }>(
        `/v1/diff?from=${from}&to=${await currentRevision(api)}`,
      );
      expect(body.items.map(({ app }) => app)).toEqual([one, two].toSorted());
    });

    it("counts a schema, a description and a merge as a change", async () => {
      const app = unique("shop");
      const value = { a: 1 };
      const keys = ["description", "merge", "schema", "untouched"];
      const { revision: from } = await commit(
        api,
        keys.map((key) => put({ app, key, value })),
      );
      const { revision: to } = await commit(api, [
        put({ app, key: "description", value, description: "why" }),
        put({ app, key: "merge", value, merge: "deep" }),
        put({ app, key: "schema", value, schema: { type: "object" } }),
      ]);
      const { body } = await api.get<{ items: { key: string; change: string }[] }>(
        `/v1/diff?from=${from}&to=${to}&app=${app}`,
      );
      expect(body.items.map(({ change, key }) => `${change} ${key}`)).toEqual([
        "changed description",
        "changed merge",
        "changed schema",
      ]);
    });

    it("comes in pages, without a gap", async () => {
      const app = unique("shop");
      const from = await currentRevision(api);
      const keys = ["a", "b", "c", "d", "e"];
      const { revision } = await commit(
        api,
        keys.map((key) => put({ app, key, value: 1 })),
      );
      const path = `/v1/diff?from=${from}&to=${revision}&app=${app}&limit=2`;
      const pages = await readPages<{ key: string }>(api, path);
      expect(pages.map((page) => page.map(({ key }) => key))).toEqual([
        ["a", "b"],
        ["c", "d"],
        ["e"],
      ]);
    });

    it("needs two revisions that there are", async () => {
      const current = await currentRevision(api);
      const beyond = await api.get(`/v1/diff?from=0&to=${current + 1_000}`);
      expect(beyond).toBeProblem("NOT_FOUND", { detail: String(current + 1_000) });
      expect(await api.get("/v1/diff?from=0")).toBeProblem("INVALID_INPUT", { paths: ["to"] });
      expect(await api.get("/v1/diff")).toBeProblem("INVALID_INPUT", { paths: ["from", "to"] });
      const mixed = await api.get("/v1/diff?from=0&to=0&fromEnvironment=staging");
      expect(mixed).toBeProblem("INVALID_INPUT");
    });
  });

  describe("the difference between two environments", () => {
    it("is on effective values, and turned around the opposite", async () => {
      const app = unique("shop");
      const [staging, production] = ["staging", "production"].map((environment) => ({
        app,
        environment,
      }));
      await commit(api, [
        put({ app, key: "both", value: 1 }),
        put({ app, key: "inherited", value: "weak" }),
        put({ ...production, key: "inherited", value: "strong" }),
        put({ ...staging, key: "only.staging", value: true }),
        put({ ...production, key: "only.production", value: false }),
      ]);
      const path = (from: string, to: string) =>
        `/v1/diff?fromEnvironment=${from}&toEnvironment=${to}&app=${app}`;
      // Other tests may leave something in the layers that all apps share.
      const own = new Set(["inherited", "only.production", "only.staging", "both"]);
      const read = async (from: string, to: string) => {
        const { body } = await api.get<{ items: { key: string }[] }>(path(from, to));
        return body.items.filter(({ key }) => own.has(key));
      };
      expect(await read("staging", "production")).toEqual([
        { change: "changed", key: "inherited", before: "weak", after: "strong" },
        { change: "added", key: "only.production", before: null, after: false },
        { change: "removed", key: "only.staging", before: true, after: null },
      ]);
      expect(await read("production", "staging")).toEqual([
        { change: "changed", key: "inherited", before: "strong", after: "weak" },
        { change: "removed", key: "only.production", before: false, after: null },
        { change: "added", key: "only.staging", before: null, after: true },
      ]);
      const [first] = await readPages<{ key: string }>(
        api,
        `${path("staging", "production")}&limit=1`,
      );
      expect(first).toHaveLength(1);
    });

    it("can be that of a past revision", async () => {
      const app = unique("shop");
      const name = { app, environment: "production", key: "a" };
      const { revision } = await commit(api, [put({ ...name, value: 1 })]);
      await commit(api, [put({ ...name, value: 2 })]);
      const path = `/v1/diff?fromEnvironment=staging&toEnvironment=production&app=${app}`;
      const { body } = await api.get<{ items: { key: string }[] }>(`${path}&at=${revision}`);
      expect(body.items).toContainEqual({ change: "added", key: "a", before: null, after: 1 });
    });

    it("names an environment or app that is unknown", async () => {
      const app = unique("shop");
      const path = "/v1/diff?fromEnvironment=staging&toEnvironment";
      expect(await api.get(`${path}=prodution`)).toBeProblem("NOT_FOUND", { detail: "prodution" });
      const unknownApp = await api.get(`${path}=production&app=${app}`);
      expect(unknownApp).toBeProblem("NOT_FOUND", { detail: app });
      const half = await api.get("/v1/diff?fromEnvironment=staging");
      expect(half).toBeProblem("INVALID_INPUT", { paths: ["toEnvironment"] });
    });
  });
};
