import { describe, expect, it } from "vitest";
import type { Api, Reply } from "../helpers/http-api.ts";
import type { Area } from "./suite.ts";
import { type CommitResult, commit, currentRevision, put, remove, unique } from "./vocabulary.ts";

const rollBack = (api: Api, body: object): Promise<Reply<CommitResult>> =>
  api.post<CommitResult>("/v1/rollback", body);

export const rollbacks: Area = (api) => {
  const readValues = async (app: string, environment: string): Promise<Record<string, unknown>> => {
    const { body } = await api.get<{ values: Record<string, unknown> }>(
      `/v1/config?app=${app}&environment=${environment}`,
    );
    return body.values;
  };

  describe("a rollback of an entry", () => {
    it("is a new version with an old one's value, schema, description and merge", async () => {
      const name = { kind: "config", app: unique("shop"), environment: "production", key: "db" };
      const about = { schema: { type: "object" }, description: "first", merge: "deep" as const };
      await commit(api, [put({ ...name, value: { a: 1 }, ...about })]);
      await commit(api, [
        put({ ...name, value: { a: 2 }, schema: null, description: null, merge: "replace" }),
      ]);
      const reply = await rollBack(api, { ...name, toVersion: 1, message: "undo" });
      expect(reply).toHaveStatus(201);
      expect(reply.body.changes).toMatchObject([{ version: 3, before: { a: 2 }, after: { a: 1 } }]);
      const query = `kind=config&app=${name.app}&environment=production&key=db`;
      const { body } = await api.get(`/v1/history?${query}&limit=1`);
      expect(body).toMatchObject({
        items: [{ version: 3, value: { a: 1 }, message: "undo", ...about }],
      });
    });

    it("to a version that was a delete deletes, and from one creates anew", async () => {
      const app = unique("shop");
      const name = { kind: "config", app, environment: null, key: "a" };
      await commit(api, [put({ ...name, value: "old" }), put({ app, key: "b", value: 1 })]);
      await commit(api, [remove(name)]);
      const created = await rollBack(api, { ...name, toVersion: 1 });
      expect(created.body.changes).toMatchObject([{ op: "put", version: 3, after: "old" }]);
      const deleted = await rollBack(api, { ...name, toVersion: 2 });
      expect(deleted.body.changes).toMatchObject([{ op: "delete", version: 4, before: "old" }]);
    });

    it("to the value that it has changes nothing", async () => {
      const name = { kind: "config", app: unique("shop"), key: "a" };
      const { revision } = await commit(api, [put({ ...name, value: 1 })]);
      const reply = await rollBack(api, { ...name, toVersion: 1 });
      expect(reply).toHaveStatus(200);
      expect(reply.body).toMatchObject({ revision, changes: [] });
    });

    it("needs a version that there is", async () => {
      const name = { kind: "config", app: unique("shop"), key: "a" };
      await commit(api, [put({ ...name, value: 1 })]);
      expect(await rollBack(api, { ...name, toVersion: 2 })).toBeProblem("NOT_FOUND", {
        detail: "version 2",
      });
      expect(await rollBack(api, { ...name, key: "b", toVersion: 1 })).toBeProblem("NOT_FOUND");
      const zero = await rollBack(api, { ...name, toVersion: 0 });
      expect(zero).toBeProblem("INVALID_INPUT", { paths: ["toVersion"] });
    });
  });

  describe("a rollback of a scope", () => {
    it("brings its layer back, and no other", async () => {
      const app = unique("shop");
      const scope = { app, environment: "production" };
      await commit(api, [
        put({ ...scope, key: "changed", value: 1 }),
        put({ ...scope, key: "deleted", value: 1 }),
        put({ ...scope, key: "untouched", value: 1 }),
        put({ app, environment: "staging", key: "changed", value: 1 }),
      ]);
      const toRevision = await currentRevision(api);
      await commit(api, [
        put({ ...scope, key: "changed", value: 2 }),
        put({ ...scope, key: "added", value: 2 }),
        put({ app, environment: "staging", key: "changed", value: 2 }),
        remove({ ...scope, key: "deleted" }),
      ]);
      const reply = await rollBack(api, { toRevision, ...scope, message: "undo" });
      expect(reply).toHaveStatus(201);
      expect(reply.body.changes).toMatchObject([
        { op: "delete", key: "added", version: 2, before: 2, after: null },
        { op: "put", key: "changed", version: 3, before: 2, after: 1 },
        { op: "put", key: "deleted", version: 3, before: null, after: 1 },
      ]);
      const values = await readValues(app, "production");
      expect(values).toMatchObject({ changed: 1, deleted: 1, untouched: 1 });
      expect(values).not.toHaveProperty("added");
      expect(await readValues(app, "staging")).toMatchObject({ changed: 2 });
    });

    it("takes null for all environments of an app", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      const toRevision = await currentRevision(api);
      await commit(api, [
        put({ app, key: "a", value: 2 }),
        put({ app, environment: "staging", key: "a", value: 2 }),
      ]);
      const { body } = await rollBack(api, { toRevision, app, environment: null });
      expect(body.changes).toMatchObject([{ app, environment: null, key: "a", after: 1 }]);
    });

    it("can be undone by another rollback", async () => {
      const app = unique("shop");
      const { revision: first } = await commit(api, [put({ app, key: "a", value: 1 })]);
      const { revision: second } = await commit(api, [put({ app, key: "a", value: 2 })]);
      await rollBack(api, { toRevision: first, app });
      const { body } = await rollBack(api, { toRevision: second, app });
      expect(body.changes).toMatchObject([{ version: 4, before: 1, after: 2 }]);
    });
  });

  describe("a rollback of the deployment", () => {
    it("brings every layer back to a revision", async () => {
      const [app, other, key] = [unique("shop"), unique("shop"), unique("global")];
      await commit(api, [
        put({ app, key: "a", value: 1 }),
        put({ key, value: "then" }),
        put({ environment: "staging", key, value: "then" }),
      ]);
      const toRevision = await currentRevision(api);
      await commit(api, [put({ app, key: "a", value: 2 }), put({ key, value: "now" })]);
      await commit(api, [put({ app: other, key: "a", value: 2 })]);
      await commit(api, [put({ environment: "staging", key, value: "now" })]);

      const request = { toRevision, message: "undo all", allowLargeChange: true };
      const dry = await rollBack(api, { ...request, dryRun: true });
      expect(dry).toHaveStatus(200);
      expect(dry.body).toMatchObject({ revision: null });
      expect(await readValues(app, "staging")).toMatchObject({ a: 2, [key]: "now" });

      const reply = await rollBack(api, request);
      expect(reply).toHaveStatus(201);
      expect(reply.body.changes).toHaveLength(4);
      expect({ ...reply.body, revision: null }).toEqual(dry.body);
      expect(await readValues(app, "staging")).toMatchObject({ a: 1, [key]: "then" });
      expect(await readValues(other, "staging")).not.toHaveProperty("a");
      const back = await api.get(`/v1/diff?from=${toRevision}&to=${reply.body.revision}`);
      expect(back.body).toEqual({ items: [] });
    });
  });

  describe("a rollback", () => {
    it("needs a revision that there is", async () => {
      const toRevision = (await currentRevision(api)) + 1_000;
      const reply = await rollBack(api, { toRevision });
      expect(reply).toBeProblem("NOT_FOUND", { detail: String(toRevision) });
    });

    it("names an app or environment that is unknown", async () => {
      const app = unique("misspelled");
      const unknown = await rollBack(api, { toRevision: 0, app });
      expect(unknown).toBeProblem("NOT_FOUND", { detail: app });
      const missing = await rollBack(api, { toRevision: 0, environment: "prodution" });
      expect(missing).toBeProblem("NOT_FOUND", { detail: "prodution" });
    });

    it("is held to the schemas of today", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      const then = await commit(api, [put({ app, key, value: "text" })]);
      await commit(api, [put({ app, key, value: 1 })]);
      await commit(api, [put({ key, value: 1, schema: { type: "integer" } })]);
      const refused = await rollBack(api, { toRevision: then.revision, app });
      expect(refused).toBeProblem("UNPROCESSABLE", { detail: "schema of" });
    });

    it.each([
      ["neither a revision nor a version", { message: "what?" }],
      ["a revision and a version", { toRevision: 1, toVersion: 1, kind: "config", key: "a" }],
      ["a negative revision", { toRevision: -1 }],
      ["a version of no entry", { toVersion: 1 }],
    ])("is refused if it names %s", async (_what, body) => {
      expect(await rollBack(api, body)).toBeProblem("INVALID_INPUT");
    });
  });
};
