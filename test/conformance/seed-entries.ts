import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, unique } from "./vocabulary.ts";

interface SeedEntry {
  readonly id: string;
  readonly key: string;
  readonly version: number;
}

const written = {
  updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  updated_by: "bootstrap-admin",
};

export const seedEntries: Area = (api) => {
  const create = async (body: object) => {
    const reply = await api.post<SeedEntry>("/api/v1/configs", body);
    expect(reply).toHaveStatus(201);
    return reply;
  };

  describe("PUT /v1/config/{key}", () => {
    it("puts one value in one scope, and notes why", async () => {
      const app = unique("shop");
      const path = `/v1/config/db.pool.size?app=${app}&environment=production`;
      const first = await api.put(path, { value: 10 });
      expect(first).toHaveStatus(200);
      expect(first.body).toEqual({ key: "db.pool.size", value: 10, version: 1 });
      const next = await api.put(path, { value: { min: 1 }, change_log: "a range" });
      expect(next.body).toEqual({ key: "db.pool.size", value: { min: 1 }, version: 2 });
      const same = await api.put(path, { value: { min: 1 } });
      expect(same.body).toEqual(next.body);
      const { body } = await api.get(`/v1/changes?app=${app}&limit=1`);
      expect(body).toMatchObject({ items: [{ message: "a range" }] });
      expect((await api.get(path)).body).toMatchObject({
        value: { min: 1 },
        scope: { app, environment: "production" },
      });
    });

    it("without app and environment puts a global value", async () => {
      const key = unique("global");
      expect((await api.put(`/v1/config/${key}`, { value: true })).body).toMatchObject({
        version: 1,
      });
      expect((await api.get(`/v1/config/${key}`)).body).toMatchObject({
        value: true,
        type: "boolean",
        scope: { app: null, environment: null },
      });
    });

    it("keeps the schema, description and merge that the entry has", async () => {
      const app = unique("shop");
      const about = { schema: { type: "object" }, description: "limits", merge: "deep" } as const;
      await commit(api, [put({ app, key: "limits", value: {}, ...about })]);
      await api.put(`/v1/config/limits?app=${app}`, { value: { cpu: 1 } });
      const { body } = await api.get(`/v1/entries?app=${app}`);
      expect(body).toMatchObject({ items: [{ value: { cpu: 1 }, version: 2, ...about }] });
    });

    it.each([
      ["no value", {}, "value"],
      ["another member", { value: 1, message: "why" }, "message"],
      ["a note that is no text", { value: 1, change_log: 1 }, "change_log"],
    ])("is refused with %s", async (_what, body, path) => {
      const reply = await api.put(`/v1/config/a?app=${unique("shop")}`, body);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("names an environment that is unknown", async () => {
      const reply = await api.put("/v1/config/a?environment=prodution", { value: 1 });
      expect(reply).toBeProblem("NOT_FOUND", { detail: "prodution" });
    });
  });

  describe("POST /api/v1/configs/fetch", () => {
    const path = "/api/v1/configs/fetch";

    it("fetches effective values, all or those of some keys", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      await commit(api, [
        put({ key, value: "global" }),
        put({ app, key: "a", value: 1 }),
        put({ app, environment: "production", key: "a", value: 2 }),
        put({ app, key: "b", value: { c: [null] } }),
      ]);
      const version = await currentRevision(api);
      const scope = { app_id: app, environment: "production" };
      const all = await api.post<{ configs: object }>(path, scope);
      expect(all).toHaveStatus(200);
      expect(all.body).toMatchObject({ ...scope, version });
      expect(all.body.configs).toMatchObject({ a: 2, b: { c: [null] }, [key]: "global" });
      expect(all.headers.get("cache-control")).toBe("no-store");
      expect(all.headers.get("config-revision")).toBe(String(version));
      const context = { user_id: "u-1", groups: ["beta"], plan: { name: "free" } };
      const some = await api.post(path, { ...scope, keys: ["b", key, "missing"], context });
      expect(some.body).toEqual({
        ...scope,
        version,
        configs: { b: { c: [null] }, [key]: "global" },
      });
      const none = await api.post(path, { ...scope, keys: [] });
      expect(none.body).toMatchObject({ configs: {} });
    });

    it("names an app or environment that is unknown, and keys that are illegal", async () => {
      const app = unique("misspelled");
      const unknown = await api.post(path, { app_id: app, environment: "production" });
      expect(unknown).toBeProblem("NOT_FOUND", { detail: app });
      const missing = await api.post(path, { environment: "prodution" });
      expect(missing).toBeProblem("NOT_FOUND", { detail: "prodution" });
      const illegal = await api.post(path, { keys: ["ok", "a b"] });
      expect(illegal).toBeProblem("INVALID_INPUT", { paths: ["keys.1"] });
    });
  });

  describe("/api/v1/configs", () => {
    it("creates an entry with a permanent id, once", async () => {
      const scope = { app_id: unique("shop"), environment: "staging" };
      const entry = { ...scope, key: "a", value: { b: 1 } };
      const made = await create({ ...entry, change_log: "the first" });
      expect(made.body).toEqual({ id: made.body.id, ...entry, version: 1, ...written });
      const read = await api.get<SeedEntry>(`/api/v1/configs/${made.body.id}`);
      expect(read.body).toEqual(made.body);
      expect(read.headers.get("etag")).toBe(made.headers.get("etag"));
      const again = await api.post("/api/v1/configs", { ...entry, value: 2 });
      expect(again).toBeProblem("CONFLICT");
      expect(again.body).toMatchObject({ currentVersion: 1 });
      const { body } = await api.get(`/v1/changes?app=${scope.app_id}`);
      expect(body).toMatchObject({ items: [{ message: "the first" }] });
    });

    it("says null for a scope that is absent", async () => {
      const made = await create({ key: unique("global"), value: 1 });
      expect(made.body).toMatchObject({ app_id: null, environment: null });
      const explicit = await create({
        app_id: null,
        environment: null,
        key: unique("global"),
        value: 1,
      });
      expect(explicit.body).toMatchObject({ app_id: null, environment: null });
    });

    it("updates and deletes an entry by its id", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "other", value: 1 })]);
      const { body: entry } = await create({ app_id: app, key: "a", value: 1 });
      const path = `/api/v1/configs/${entry.id}`;
      const updated = await api.put(path, { value: [2], change_log: "a list" });
      expect(updated).toHaveStatus(200);
      expect(updated.body).toEqual({ ...entry, value: [2], version: 2, ...written });
      expect((await api.put(path, { value: [2] })).body).toMatchObject({ version: 2 });
      const deleted = await api.delete(`${path}?change_log=no%20more`);
      expect({ status: deleted.status, text: deleted.text }).toEqual({ status: 204, text: "" });
      for (const reply of [
        await api.get(path),
        await api.put(path, { value: 1 }),
        await api.delete(path),
      ]) {
        expect(reply).toBeProblem("NOT_FOUND", { detail: entry.id });
      }
      const history = await api.get(`/v1/history?kind=config&app=${app}&key=a`);
      expect(history.body).toMatchObject({
        items: [{ op: "delete", message: "no more" }, { message: "a list" }, { version: 1 }],
      });
      const { body: anew } = await create({ app_id: app, key: "a", value: 3 });
      expect(anew).toMatchObject({ id: entry.id, version: 4 });
    });

    it("lists raw entries by app and environment, in pages", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "b", value: 1 }),
        put({ app, key: "a", value: 1 }),
        put({ app, environment: "staging", key: "a", value: 2 }),
      ]);
      const path = `/api/v1/configs?app_id=${app}`;
      const { body } = await api.get<SeedEntry[]>(path);
      const common = { id: expect.any(String), app_id: app, version: 1, ...written };
      expect(body).toEqual([
        { ...common, environment: null, key: "a", value: 1 },
        { ...common, environment: null, key: "b", value: 1 },
        { ...common, environment: "staging", key: "a", value: 2 },
      ]);
      const staging = await api.get<SeedEntry[]>(`${path}&environment=staging`);
      expect(staging.body).toEqual(body.slice(2));
      const first = await api.get<SeedEntry[]>(`${path}&limit=2`);
      expect(first.body).toEqual(body.slice(0, 2));
      const [, query] = /^<(\?[^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "") ?? [];
      const rest = await api.get<SeedEntry[]>(`/api/v1/configs${query}`);
      expect(rest.body).toEqual(body.slice(2));
      expect(rest.headers.get("link")).toBeNull();
    });

    it("names an app or environment that is unknown", async () => {
      const app = unique("misspelled");
      expect(await api.get(`/api/v1/configs?app_id=${app}`)).toBeProblem("NOT_FOUND", {
        detail: app,
      });
      const missing = await api.get("/api/v1/configs?environment=prodution");
      expect(missing).toBeProblem("NOT_FOUND", { detail: "prodution" });
    });

    it.each([
      ["no key", { value: 1 }, "key"],
      ["no value", { key: "a" }, "value"],
      ["an illegal key", { key: "a b", value: 1 }, "key"],
      ["an illegal app", { app_id: "a b", key: "a", value: 1 }, "app_id"],
      ["a member that is not its own", { id: "x", key: "a", value: 1 }, "id"],
    ])("refuses an entry with %s", async (_what, body, path) => {
      const reply = await api.post("/api/v1/configs", body);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("is 404 for an id that there is not, whatever it looks like", async () => {
      for (const id of [
        "00000000-0000-4000-8000-000000000000",
        "1",
        "a'b",
        "%F0%9F%8C%8D",
        "%25",
      ]) {
        expect(await api.get(`/api/v1/configs/${id}`)).toBeProblem("NOT_FOUND");
      }
    });
  });
};
