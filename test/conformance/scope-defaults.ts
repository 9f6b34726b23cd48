import { describe, expect, it } from "vitest";
import type { Api, Reply } from "../helpers/http-api.ts";
import { createKey } from "./limited-keys.ts";
import type { Area } from "./suite.ts";
import {
  type CommitResult,
  commit,
  type Name,
  type Page,
  propose,
  put,
  remove,
  unique,
} from "./vocabulary.ts";

const all = { app: null, environment: null };

export const scopeDefaults: Area = (api) => {
  /** A key for which requests mean an app in staging, and one for which they mean nothing. */
  const prepare = async () => {
    const scope = { app: unique("shop"), environment: "staging" };
    const grants = [{ role: "admin" }];
    const { api: own } = await createKey(api, grants, { defaults: scope });
    const { api: plain } = await createKey(api, grants);
    return { scope, own, plain, key: unique("key") };
  };

  /** What each layer holds of a key, as somebody sees it who names every scope. */
  const layersOf = async (
    key: string,
    { app, environment }: { app: string; environment: string },
  ): Promise<Record<string, unknown>> => {
    const path = `/v1/config/${key}?app=${app}&environment=${environment}&explain=true`;
    const reply = await api.get<{ layers?: { scope: Name; value: unknown }[] }>(path);
    const layers = reply.body.layers ?? [];
    return Object.fromEntries(
      layers.map(({ scope, value }) => [
        `${scope.app === null ? "all" : "own"}/${scope.environment ?? "all"}`,
        value,
      ]),
    );
  };

  const putEverywhere = ({ app, environment }: { app: string; environment: string }, key: string) =>
    commit(api, [
      put({ key, value: "all/all" }),
      put({ environment, key, value: "all/staging" }),
      put({ app, key, value: "own/all" }),
      put({ app, environment, key, value: "own/staging" }),
      put({ app, environment: "production", key, value: "own/production" }),
    ]);

  describe("a key with scope defaults", () => {
    it("reads its own scope where the request names none, and another that it names", async () => {
      const { key, own, plain, scope } = await prepare();
      await putEverywhere(scope, key);
      const valueOf = async (of: Api, query: string): Promise<unknown> =>
        (await of.get<{ value: unknown }>(`/v1/config/${key}?${query}`)).body.value;
      expect(await valueOf(own, "")).toBe("own/staging");
      expect(await valueOf(own, "environment=production")).toBe("own/production");
      const { body: document } = await own.get(`/v1/config?prefix=${key}`);
      expect(document).toMatchObject({ ...scope, values: { [key]: "own/staging" } });
      const { body: entries } = await own.get(`/v1/entries?prefix=${key}`);
      expect(entries).toMatchObject({ items: [{ ...scope, value: "own/staging" }] });
      const { body: history } = await own.get(`/v1/history?kind=config&key=${key}`);
      expect(history).toMatchObject({ items: [{ version: 1, value: "own/staging" }] });
      expect(await valueOf(plain, "")).toBe("all/all");
      expect(await valueOf(plain, "environment=staging")).toBe("all/staging");
      expect(await valueOf(plain, `app=${scope.app}`)).toBe("own/all");
      expect((await plain.get(`/v1/config?prefix=${key}`)).body).toMatchObject({
        ...all,
        values: { [key]: "all/all" },
      });
    });

    it("may have one of the two, and the other is all", async () => {
      const { key, scope } = await prepare();
      await putEverywhere(scope, key);
      for (const [defaults, value] of [
        [{ app: scope.app }, "own/all"],
        [{ environment: "staging" }, "all/staging"],
        [{ app: scope.app, environment: null }, "own/all"],
        [{}, "all/all"],
      ] as const) {
        const limited = await createKey(api, [{ role: "viewer" }], { defaults });
        expect((await limited.api.get(`/v1/config/${key}`)).body).toMatchObject({ value });
        expect((await limited.api.get("/v1/whoami")).body).toMatchObject({
          defaults: { ...all, ...defaults },
        });
      }
    });

    it("reads nothing that its grants do not give, by default either", async () => {
      const { key, scope } = await prepare();
      await putEverywhere(scope, key);
      const grants = [{ role: "viewer", ...scope, environment: "production" }];
      const { api: limited } = await createKey(api, grants, { defaults: scope });
      for (const path of [`/v1/config/${key}?`, "/v1/config?", "/v1/entries?"]) {
        expect(await limited.get(path)).toBeProblem("NOT_FOUND", { detail: "staging" });
        expect(await limited.get(`${path}environment=production`)).toHaveStatus(200);
      }
    });

    it("changes its own scope, another that it names, and all that it says null of", async () => {
      const { key, own, plain, scope } = await prepare();
      const change = async (of: Api, name: object, value: string): Promise<void> => {
        const { body } = await propose(of, [{ op: "put", kind: "config", key, value, ...name }]);
        expect(body.changes).toMatchObject([{ key, after: value }]);
      };
      await change(own, {}, "by default");
      await change(own, { environment: "production" }, "by its app");
      await change(own, { environment: null }, "all environments");
      await change(own, { app: null }, "all apps");
      await change(own, all, "all");
      expect(await layersOf(key, scope)).toEqual({
        "own/staging": "by default",
        "own/all": "all environments",
        "all/staging": "all apps",
        "all/all": "all",
      });
      expect(await layersOf(key, { ...scope, environment: "production" })).toMatchObject({
        "own/production": "by its app",
      });
      await change(plain, {}, "without defaults");
      expect(await layersOf(key, scope)).toMatchObject({
        "own/staging": "by default",
        "all/all": "without defaults",
      });
      const deletes = [{ op: "delete", kind: "config", key }];
      expect(await propose(own, deletes, { allowLargeChange: true })).toHaveStatus(201);
      expect(await layersOf(key, scope)).not.toHaveProperty(["own/staging"]);
      await commit(api, [remove({ key })]);
    });

    it("puts one value by its path", async () => {
      const { key, own, plain, scope } = await prepare();
      expect(await own.put(`/v1/config/${key}`, { value: 1 })).toHaveStatus(200);
      expect(await own.put(`/v1/config/${key}?environment=production`, { value: 2 })).toHaveStatus(
        200,
      );
      expect(await plain.put(`/v1/config/${key}?app=${scope.app}`, { value: 3 })).toHaveStatus(200);
      expect(await layersOf(key, scope)).toEqual({ "own/staging": 1, "own/all": 3 });
      expect(await layersOf(key, { ...scope, environment: "production" })).toEqual({
        "own/production": 2,
        "own/all": 3,
      });
    });

    it("compares its own app between environments; filters of lists stay filters", async () => {
      const { key, own, plain, scope } = await prepare();
      const { revision } = await putEverywhere(scope, key);
      const path = "/v1/diff?fromEnvironment=staging&toEnvironment=production";
      const itemsOf = async (of: Api): Promise<readonly unknown[]> =>
        (await of.get<Page<unknown>>(`${path}&limit=500`)).body.items;
      const changed = { change: "changed", key };
      const mine = { ...changed, before: "own/staging", after: "own/production" };
      const shared = { ...changed, before: "all/staging", after: "all/all" };
      expect(await itemsOf(own)).toContainEqual(mine);
      expect(await itemsOf(plain)).toContainEqual(shared);
      expect(await own.get(`${path}&app=${unique("no")}`)).toBeProblem("NOT_FOUND");
      for (const list of [
        `/v1/diff?from=${revision - 1}&to=${revision}`,
        `/v1/changes?after=${revision - 1}`,
        "/api/v1/configs?limit=500",
      ]) {
        expect((await own.get(list)).text).toBe((await plain.get(list)).text);
      }
    });
  });

  describe("a rollback by a key with scope defaults", () => {
    const changesOf = ({ body }: Reply<CommitResult>): string[] =>
      body.changes.map(({ after }) => String(after)).sort();

    it("is of its own scope or entry where it names none", async () => {
      const { key, own, plain, scope } = await prepare();
      const { revision } = await putEverywhere(scope, key);
      await commit(api, [
        put({ key, value: 2 }),
        put({ app: scope.app, key, value: 2 }),
        put({ ...scope, key, value: 2 }),
        put({ ...scope, environment: "production", key, value: 2 }),
      ]);
      const back = (of: Api, body: object): Promise<Reply<CommitResult>> =>
        of.post<CommitResult>("/v1/rollback", { dryRun: true, ...body });
      const entry = { kind: "config", key, toVersion: 1 };
      const toRevision = revision;
      for (const body of [{ toRevision }, entry]) {
        expect(changesOf(await back(own, body))).toEqual(["own/staging"]);
        const named = { ...body, environment: "production" };
        expect(changesOf(await back(own, named))).toEqual(["own/production"]);
        const wide = { ...body, environment: null };
        expect(changesOf(await back(own, wide))).toEqual(["own/all"]);
        expect(changesOf(await back(own, { ...body, ...all }))).toEqual(["all/all"]);
      }
      expect(changesOf(await back(plain, entry))).toEqual(["all/all"]);
      expect(changesOf(await back(plain, { toRevision }))).toEqual([
        "all/all",
        "own/all",
        "own/production",
        "own/staging",
      ]);
      expect(await own.post("/v1/rollback", { toRevision })).toHaveStatus(201);
      expect(await layersOf(key, scope)).toMatchObject({
        "own/staging": "own/staging",
        "own/all": 2,
      });
    });
  });

  describe("the seed routes with a key with scope defaults", () => {
    it("mean its environment, another that is named, or all", async () => {
      const { key, own, plain, scope } = await prepare();
      const service = `/config/${scope.app}`;
      expect(await own.post(service, { [key]: "by default" })).toHaveStatus(201);
      expect(await own.post(`${service}?environment=production`, { [key]: "named" })).toHaveStatus(
        201,
      );
      expect(await plain.post(service, { [key]: "all" })).toHaveStatus(201);
      const { body } = await own.get<{ version: number }>(service);
      expect(body).toMatchObject({ environment: "staging", config: { [key]: "by default" } });
      const named = await own.get(`${service}?environment=production`);
      expect(named.body).toMatchObject({ environment: "production", config: { [key]: "named" } });
      const wide = await plain.get(service);
      expect(wide.body).toMatchObject({ environment: null, config: { [key]: "all" } });
      const history = await own.get<{ version: number }[]>(`${service}/history`);
      const namedHistory = await own.get<{ version: number }[]>(
        `${service}/history?environment=production`,
      );
      expect([history.body.length, namedHistory.body.length]).toEqual([1, 1]);
      expect(history.body).not.toEqual(namedHistory.body);
      const version = history.body[0]!.version;
      await own.post(service, { [key]: "newer" });
      await plain.post(service, { [key]: "newer" });
      const back = await own.post(`${service}/rollback`, { version });
      expect(back).toMatchObject({ status: 201, body: { environment: "staging" } });
      expect(await layersOf(key, scope)).toEqual({
        "own/staging": "by default",
        "own/all": "newer",
      });
      const wideBack = await own.post(`${service}/rollback`, {
        environment: null,
        version: version + 2,
      });
      expect(wideBack).toMatchObject({ status: 201, body: { environment: null } });
      expect(await layersOf(key, scope)).toEqual({ "own/staging": "by default", "own/all": "all" });
    });

    it("mean its app and environment for raw entries and fetches", async () => {
      const { key, own, plain, scope } = await prepare();
      const created = await own.post("/api/v1/configs", { key, value: 1 });
      expect(created.body).toMatchObject({ app_id: scope.app, environment: "staging" });
      const wide = await own.post("/api/v1/configs", { environment: null, key, value: 2 });
      expect(wide.body).toMatchObject({ app_id: scope.app, environment: null });
      const named = await own.post("/api/v1/configs", { environment: "production", key, value: 3 });
      expect(named.body).toMatchObject({ app_id: scope.app, environment: "production" });
      const plainly = await plain.post("/api/v1/configs", { key, value: 4 });
      expect(plainly.body).toMatchObject({ app_id: null, environment: null });
      const fetch = async (of: Api, body: object): Promise<unknown> =>
        (await of.post<{ configs: unknown }>("/api/v1/configs/fetch", { keys: [key], ...body }))
          .body.configs;
      expect(await fetch(own, {})).toEqual({ [key]: 1 });
      expect(await fetch(own, { environment: "production" })).toEqual({ [key]: 3 });
      expect(await fetch(own, { environment: null })).toEqual({ [key]: 2 });
      expect(await fetch(own, { app_id: null, environment: null })).toEqual({ [key]: 4 });
      expect(await fetch(plain, {})).toEqual({ [key]: 4 });
    });

    it("validate against its environment", async () => {
      const { key, own, plain, scope } = await prepare();
      const schema = { type: "integer" };
      await commit(api, [put({ ...scope, key, value: 1, schema })]);
      const validate = async (of: Api, more: object = {}): Promise<unknown> => {
        const body = { service: scope.app, config: { [key]: "text" }, ...more };
        return (await of.post<{ valid: boolean }>("/validate", body)).body.valid;
      };
      expect(await validate(own)).toBe(false);
      expect(await validate(own, { environment: "production" })).toBe(true);
      expect(await validate(plain, { environment: "production" })).toBe(true);
      expect(await validate(plain, { environment: "staging" })).toBe(false);
    });
  });
};
