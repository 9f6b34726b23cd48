import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, unique } from "./vocabulary.ts";

interface ServiceConfig {
  readonly version: number;
  readonly config: Record<string, unknown>;
}

const pathOf = (service: string): string => `/config/${service}?environment=production`;

export const seedServices: Area = (api) => {
  const read = async (service: string): Promise<Record<string, unknown>> => {
    const { body } = await api.get<ServiceConfig>(pathOf(service));
    return body.config;
  };

  describe("POST /config/{service}", () => {
    it("merges a map of keys into the service's layer; nested maps become dotted keys", async () => {
      const service = unique("shop");
      const first = { db: { pool: { size: 20 }, hosts: ["a", "b"] }, "feature.audit": true };
      const made = await api.post(pathOf(service), first);
      expect(made).toHaveStatus(201);
      const version = await currentRevision(api);
      expect(made.body).toEqual({ service, environment: "production", version });
      await api.post(pathOf(service), { db: { pool: { size: 30 } }, empty: {} });
      expect(await read(service)).toMatchObject({
        "db.pool.size": 30,
        "db.hosts": ["a", "b"],
        "feature.audit": true,
        empty: {},
      });
      // Merged key by key into one layer, and only into that.
      const entries = await api.get<{ items: unknown[] }>(
        `/v1/entries?app=${service}&environment=production`,
      );
      expect(entries.body.items).toHaveLength(4);
      expect((await api.get(`/config/${service}?environment=staging`)).body).toMatchObject({
        environment: "staging",
        config: expect.not.objectContaining({ "db.pool.size": 30 }),
      });
    });

    it("with replace=true deletes what the map does not have", async () => {
      const service = unique("shop");
      await commit(api, [put({ app: service, key: "inherited", value: 1 })]);
      await api.post(pathOf(service), { a: 1, b: 1, c: 1 });
      const made = await api.post(`${pathOf(service)}&replace=true`, { b: 2, d: 2 });
      expect(made).toHaveStatus(201);
      const config = await read(service);
      expect(config).toMatchObject({ b: 2, d: 2, inherited: 1 });
      expect(config).not.toHaveProperty("a");
      expect(config).not.toHaveProperty("c");
    });

    it("takes all environments where none is named", async () => {
      const service = unique("shop");
      const made = await api.post(`/config/${service}`, { a: 1 });
      expect(made.body).toMatchObject({ service, environment: null });
      expect(await read(service)).toMatchObject({ a: 1 });
    });

    it("that changes nothing answers 200 with the current revision", async () => {
      const service = unique("shop");
      await api.post(pathOf(service), { a: 1 });
      const version = await currentRevision(api);
      for (const body of [{ a: 1 }, {}]) {
        const again = await api.post(pathOf(service), body);
        expect(again).toHaveStatus(200);
        expect(again.body).toEqual({ service, environment: "production", version });
      }
    });

    it("warns of a key that is set twice, dotted and nested, if the values are equal", async () => {
      const service = unique("shop");
      const made = await api.post(pathOf(service), { server: { port: 1 }, "server.port": 1 });
      expect(made).toHaveStatus(201);
      expect(made.body).toMatchObject({ warnings: [{ path: "server.port" }] });
      const differing = { server: { port: 1 }, "server.port": 2 };
      const refused = await api.post(pathOf(service), differing);
      expect(refused).toBeProblem("INVALID_INPUT", {
        paths: ["server.port"],
        detail: "server › port",
      });
      expect(await read(service)).toMatchObject({ "server.port": 1 });
    });

    it("reads YAML as well", async () => {
      const service = unique("shop");
      const yaml = [
        "\uFEFF# The pool",
        "db: &db",
        "  pool: {size: 20}",
        "  hosts: [a, b]",
        "replica:",
        "  <<: *db",
        "  pool: {size: 5}",
        'text: "on"',
        "bare: on",
        "version: 1.10.2",
        "multi: |",
        "  one",
        "  two",
      ].join("\n");
      const made = await api.sendText("POST", pathOf(service), "application/yaml", yaml);
      expect(made).toHaveStatus(201);
      expect(await read(service)).toMatchObject({
        "db.pool.size": 20,
        "db.hosts": ["a", "b"],
        "replica.pool.size": 5,
        "replica.hosts": ["a", "b"],
        text: "on",
        bare: "on",
        version: "1.10.2",
        multi: "one\ntwo\n",
      });
    });

    it("notes why, and refuses what is no map of legal keys", async () => {
      const service = unique("shop");
      await api.post(`${pathOf(service)}&change_log=raise%20the%20pool`, { a: 1 });
      const { body } = await api.get(`/config/${service}/history?environment=production`);
      expect(body).toMatchObject([{ change_log: "raise the pool" }]);
      for (const wrong of [[], [1], "text", 1, null]) {
        expect(await api.post(pathOf(service), wrong)).toBeProblem("INVALID_INPUT");
      }
      const keys = await api.post(pathOf(service), { "a b": 1, ok: { "a/b": 1 } });
      expect(keys).toBeProblem("INVALID_INPUT", { paths: ["a b", "ok.a/b"] });
    });

    it("names an environment that is unknown, whatever the map holds", async () => {
      for (const body of [{ a: 1 }, {}]) {
        for (const query of ["environment=prodution", "environment=prodution&replace=true"]) {
          const reply = await api.post(`/config/${unique("shop")}?${query}`, body);
          expect(reply).toBeProblem("NOT_FOUND", { detail: "prodution" });
        }
      }
    });
  });

  describe("GET /config/{service}", () => {
    it("has every effective value, with the revision as its version", async () => {
      const [service, key] = [unique("shop"), unique("global")];
      await commit(api, [put({ key, value: "global" })]);
      await api.post(pathOf(service), { a: { b: 1 } });
      const reply = await api.get<ServiceConfig>(pathOf(service));
      const version = await currentRevision(api);
      expect(reply.body).toMatchObject({ service, environment: "production", version });
      expect(reply.body.config).toMatchObject({ "a.b": 1, [key]: "global" });
    });

    it("is YAML for who prefers that, with a tag of its own", async () => {
      const service = unique("shop");
      await api.post(pathOf(service), { port: 8080, text: "yes", list: [1, { a: null }] });
      const json = await api.get(pathOf(service));
      for (const accept of [
        "application/yaml",
        "application/yaml, application/json;q=0.5",
        "text/yaml",
      ]) {
        const reply = await api.get(pathOf(service), { accept });
        expect(reply.headers.get("content-type")).toBe("application/yaml");
        expect(reply.headers.get("vary")).toContain("Accept");
        expect(reply.text).toContain(`service: ${service}`);
        expect(reply.text).toContain("port: 8080");
        expect(reply.headers.get("etag")).not.toBe(json.headers.get("etag"));
        const held = { accept, "if-none-match": reply.headers.get("etag") ?? "" };
        expect(await api.get(pathOf(service), held)).toHaveStatus(304);
      }
      for (const accept of [
        "*/*",
        "application/json",
        "application/yaml;q=0.1, application/json",
        "application/yaml;q=0",
      ]) {
        const reply = await api.get(pathOf(service), { accept });
        expect(`${accept}: ${reply.headers.get("content-type")}`).toBe(
          `${accept}: application/json`,
        );
      }
    });

    it("in YAML says the same as in JSON", async () => {
      const service = unique("shop");
      await api.post(pathOf(service), {
        "quoted.on": "on",
        "quoted.number": "007",
        "quoted.null": "null",
        colon: "a: b # c",
        lines: "one\n\n two \n",
        unicode: "grüße 🌍",
        float: 1e-7,
        list: [[], {}, [1, [2, null]]],
        tilde: "~",
        date: "2026-01-31",
        merge: "<<",
        empty: "",
      });
      const json = await api.get<ServiceConfig>(pathOf(service));
      const yaml = await api.get(pathOf(service), { accept: "application/yaml" });
      expect(load(yaml.text)).toEqual(json.body);
      expect(json.body.config).toMatchObject({ "quoted.number": "007", float: 1e-7 });
    });

    it("names a service or environment that is unknown", async () => {
      const service = unique("misspelled");
      expect(await api.get(pathOf(service))).toBeProblem("NOT_FOUND", { detail: service });
      const reply = await api.get(`/config/${service}?environment=prodution`);
      expect(reply).toBeProblem("NOT_FOUND", { detail: "prodution" });
    });
  });
};
