import { describe, expect, it } from "vitest";
import type { Api } from "../helpers/http-api.ts";
import type { Area } from "./suite.ts";
import {
  commit,
  currentRevision,
  expectNeverWritten,
  propose,
  put,
  remove,
  unique,
} from "./vocabulary.ts";

const production = "production";

interface Entry {
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly schema?: unknown;
  readonly description?: string;
  readonly merge: string;
}

const readEntry = async (api: Api, app: string, key: string): Promise<Entry | undefined> => {
  const { body } = await api.get<{ items: Entry[] }>(`/v1/entries?app=${app}&prefix=${key}`);
  return body.items.find((entry) => entry.key === key);
};

export const changes: Area = (api) => {
  describe("a change set", () => {
    it("answers 201 with its revision, what changed and what readers will see", async () => {
      const app = unique("shop");
      const scope = { app, environment: production };
      const before = await currentRevision(api);
      const reply = await propose(api, [put({ ...scope, key: "db.pool.size", value: 10 })]);
      expect(reply).toHaveStatus(201);
      expect(reply.headers.get("config-revision")).toBe(String(reply.body.revision));
      expect(reply.body.revision).toBeGreaterThan(before);
      expect(reply.body).toEqual({
        revision: reply.body.revision,
        changes: [
          {
            op: "put",
            kind: "config",
            ...scope,
            key: "db.pool.size",
            version: 1,
            before: null,
            after: 10,
          },
        ],
        effective: [{ ...scope, key: "db.pool.size", before: null, after: 10 }],
        effectiveTotal: 1,
      });
    });

    it("holds any JSON value, and gives it back unchanged", async () => {
      const app = unique("shop");
      const values = {
        text: 'grüße, 世界 🌍 \t\n"\\',
        empty: "",
        zero: 0,
        negative: -1.5e-7,
        largest: 9_007_199_254_740_991,
        flag: false,
        list: [1, "two", null, [], {}],
        map: { b: 1, a: { nested: null, "": "empty name", "with space": true } },
      };
      await commit(
        api,
        Object.entries(values).map(([key, value]) => put({ app, key, value })),
      );
      const { body } = await api.get(`/v1/config?app=${app}&environment=${production}`);
      expect(body).toMatchObject({ values });
    });

    it("counts an entry's versions on, also past a delete", async () => {
      const app = unique("shop");
      const name = { app, environment: production, key: "timeout" };
      await commit(api, [put({ ...name, value: 1 }), put({ ...name, key: "other", value: 1 })]);
      const changed = await commit(api, [put({ ...name, value: 2 })]);
      expect(changed.changes).toMatchObject([{ version: 2, before: 1, after: 2 }]);
      const deleted = await commit(api, [remove(name)]);
      expect(deleted.changes).toMatchObject([{ op: "delete", version: 3, before: 2, after: null }]);
      const created = await commit(api, [put({ ...name, value: 3 })]);
      expect(created.changes).toMatchObject([{ op: "put", version: 4, before: null, after: 3 }]);
    });

    it("commits all of its operations under one revision", async () => {
      const app = unique("shop");
      const keys = ["c", "a", "b"];
      const { changes: made, revision } = await commit(
        api,
        keys.map((key) => put({ app, key, value: key })),
      );
      expect(made.map(({ key }) => key)).toEqual(keys);
      const { body } = await api.get<{ items: { key: string; revision: number }[] }>(
        `/v1/entries?app=${app}`,
      );
      expect(body.items.map((entry) => [entry.key, entry.revision])).toEqual([
        ["a", revision],
        ["b", revision],
        ["c", revision],
      ]);
    });

    it("commits nothing if one of its operations is refused", async () => {
      const app = unique("shop");
      const good = put({ app, key: "good", value: 1 });
      const before = await currentRevision(api);
      const bad = put({ app, environment: "prodution", key: "bad", value: 1 });
      expect(await propose(api, [good, bad])).toBeProblem("NOT_FOUND", {
        detail: "prodution",
        paths: ["operations.1.environment"],
      });
      await expectNeverWritten(api, { app, key: "good" });
      expect(await currentRevision(api)).toBe(before);
    });

    it("takes no revision if it changes nothing", async () => {
      const app = unique("shop");
      const operation = put({ app, key: "same", value: { a: 1, b: [2] } });
      const { revision } = await commit(api, [operation]);
      const again = await propose(api, [put({ app, key: "same", value: { b: [2], a: 1 } })]);
      expect(again).toHaveStatus(200);
      expect(again.body).toEqual({ revision, changes: [], effective: [], effectiveTotal: 0 });
      expect(await currentRevision(api)).toBe(revision);
    });

    it("takes an absent and a null app or environment as all of them", async () => {
      const [absent, none] = [unique("absent"), unique("null")];
      const { changes: made } = await commit(api, [
        put({ key: absent, value: 1 }),
        put({ app: null, environment: null, key: none, value: 2 }),
      ]);
      expect(made).toMatchObject([
        { app: null, environment: null, key: absent },
        { app: null, environment: null, key: none },
      ]);
    });

    it("keeps schema, description and merge where a put leaves them out; null removes them", async () => {
      const app = unique("shop");
      const about = { schema: { type: "object" }, description: "limits", merge: "deep" } as const;
      await commit(api, [put({ app, key: "limits", value: { a: 1 }, ...about })]);
      await commit(api, [put({ app, key: "limits", value: { a: 2 } })]);
      expect(await readEntry(api, app, "limits")).toMatchObject({ value: { a: 2 }, ...about });
      await commit(api, [
        put({ app, key: "limits", value: { a: 2 }, schema: null, description: null }),
      ]);
      const entry = await readEntry(api, app, "limits");
      expect(entry).toMatchObject({ value: { a: 2 }, merge: "deep" });
      expect(entry).not.toHaveProperty("schema");
      expect(entry).not.toHaveProperty("description");
    });

    it("takes a revision of its own beside others, without a gap", async () => {
      const app = unique("shop");
      const made = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          commit(api, [put({ app, key: `key.${index}`, value: index })], { message: `n${index}` }),
        ),
      );
      const revisions = made.map(({ revision }) => revision).toSorted((a, b) => a - b);
      const [first = 0] = revisions;
      expect(revisions).toEqual(Array.from({ length: 12 }, (_, index) => first + index));
      for (const [index, { revision }] of made.entries()) {
        const { body } = await api.get(`/v1/changes/${revision}`);
        expect(body).toMatchObject({ message: `n${index}`, changes: [{ after: index }] });
      }
    });

    it("creates the app that its first entry names", async () => {
      const app = unique("shop");
      expect(await api.get(`/v1/config?app=${app}`)).toBeProblem("NOT_FOUND", { detail: app });
      await commit(api, [put({ app, key: "a", value: 1 })]);
      expect(await api.get(`/v1/config?app=${app}`)).toHaveStatus(200);
    });
  });

  describe("a dry run", () => {
    it("answers what a commit would, and leaves nothing behind", async () => {
      const app = unique("shop");
      const operations = [
        put({ app, environment: production, key: "a", value: 1 }),
        put({ app, environment: production, key: "b", value: [2] }),
      ];
      const before = await currentRevision(api);
      const dry = await propose(api, operations, { dryRun: true });
      expect(dry).toHaveStatus(200);
      await expectNeverWritten(api, { app, environment: production, key: "a" });
      expect(await currentRevision(api)).toBe(before);
      const { revision, ...made } = await commit(api, operations);
      expect(dry.body).toEqual({ ...made, revision: null });
      expect(revision).toBe(before + 1);
    });

    it("refuses what a commit would", async () => {
      const app = unique("shop");
      const lost = put({ app, key: "a", value: 1, expectedVersion: 7 });
      expect(await propose(api, [lost], { dryRun: true })).toBeProblem("CONFLICT");
      const wrong = put({ app, key: "a", value: 1, schema: { type: "string" } });
      expect(await propose(api, [wrong], { dryRun: true })).toBeProblem("UNPROCESSABLE");
    });
  });
};
