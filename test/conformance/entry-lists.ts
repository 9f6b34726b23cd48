import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, type Page, put, readPages, remove, unique } from "./vocabulary.ts";

interface Entry {
  readonly id: string;
  readonly key: string;
}

const keysOf = ({ items }: Page<Entry>): string[] => items.map(({ key }) => key);

export const entryLists: Area = (api) => {
  describe("the entries of a layer", () => {
    it("are raw, complete and by key", async () => {
      const scope = { app: unique("shop"), environment: "production" };
      const about = { schema: { type: "object" }, description: "limits", merge: "deep" } as const;
      await commit(api, [
        put({ app: scope.app, key: "weak", value: 1 }),
        put({ ...scope, key: "b", value: { cpu: 1 }, ...about }),
        put({ ...scope, key: "gone", value: 1 }),
      ]);
      const { revision } = await commit(api, [
        put({ ...scope, key: "a", value: "first" }),
        remove({ ...scope, key: "gone" }),
      ]);
      const { body } = await api.get<Page<Entry>>(
        `/v1/entries?kind=config&app=${scope.app}&environment=production`,
      );
      const written = { updatedAt: expect.stringMatching(/Z$/), updatedBy: "bootstrap-admin" };
      expect(body).toEqual({
        items: [
          {
            id: expect.stringMatching(/^.{8,64}$/),
            kind: "config",
            ...scope,
            key: "a",
            value: "first",
            merge: "replace",
            version: 1,
            revision,
            ...written,
          },
          {
            id: expect.stringMatching(/^.{8,64}$/),
            kind: "config",
            ...scope,
            key: "b",
            value: { cpu: 1 },
            ...about,
            version: 1,
            revision: revision - 1,
            ...written,
          },
        ],
      });
    });

    it("keep their ids, also past a delete", async () => {
      const app = unique("shop");
      const readIds = async () => {
        const { body } = await api.get<Page<Entry>>(`/v1/entries?app=${app}`);
        return body.items.map(({ id }) => id);
      };
      await commit(api, [put({ app, key: "a", value: 1 }), put({ app, key: "b", value: 1 })]);
      const ids = await readIds();
      expect(new Set(ids).size).toBe(2);
      await commit(api, [remove({ app, key: "a" }), put({ app, key: "b", value: 2 })]);
      await commit(api, [put({ app, key: "a", value: 3 })]);
      expect(await readIds()).toEqual(ids);
    });

    it("can be asked for by prefix, which is text and no pattern", async () => {
      const app = unique("shop");
      const keys = ["db.host", "db.port", "db_pool", "dbx", "DB.host"];
      await commit(
        api,
        keys.map((key) => put({ app, key, value: 1 })),
      );
      const read = async (prefix: string) =>
        keysOf((await api.get<Page<Entry>>(`/v1/entries?app=${app}&prefix=${prefix}`)).body);
      expect(await read("db.")).toEqual(["db.host", "db.port"]);
      expect(await read("db_")).toEqual(["db_pool"]);
      expect(await read("d%25")).toEqual([]);
    });

    it("come in pages, in the order of the key's characters", async () => {
      const app = unique("shop");
      const keys = ["B", "a", "a-b", "a.b", "a_b", "ab", "b", "10", "9"];
      await commit(
        api,
        keys.map((key) => put({ app, key, value: 1 })),
      );
      const pages = await readPages<Entry>(api, `/v1/entries?app=${app}&limit=4`);
      expect(pages.map((page) => page.length)).toEqual([4, 4, 1]);
      expect(pages.flat().map(({ key }) => key)).toEqual(keys.toSorted());
    });

    it("have no page twice where entries come and go between two pages", async () => {
      const app = unique("shop");
      await commit(
        api,
        ["a", "b", "c", "d"].map((key) => put({ app, key, value: 1 })),
      );
      const first = await api.get<Page<Entry>>(`/v1/entries?app=${app}&limit=2`);
      await commit(api, [remove({ app, key: "b" }), put({ app, key: "a.new", value: 1 })]);
      const rest = await api.get<Page<Entry>>(
        `/v1/entries?app=${app}&limit=2&cursor=${first.body.nextCursor}`,
      );
      expect([keysOf(first.body), keysOf(rest.body)]).toEqual([
        ["a", "b"],
        ["c", "d"],
      ]);
    });

    it("are those of the global layer where no scope is named", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      await commit(api, [put({ key, value: 1 }), put({ app, key, value: 2 })]);
      const { body } = await api.get<Page<Entry>>(`/v1/entries?prefix=${key}`);
      expect(body.items).toMatchObject([{ app: null, environment: null, key, value: 1 }]);
    });
  });

  describe("a list", () => {
    // Well-formed, but U+0000 is in no name, and PostgreSQL refuses it.
    const forged = [["\0", "\0", "\0"], "\0"].map((position) => btoa(JSON.stringify(position)));
    const lists = ["/v1/entries", "/v1/changes", "/v1/environments", "/v1/apps", "/api/v1/configs"];

    it.each(lists)("%s takes a limit from 1 to 500, and only its own cursors", async (path) => {
      for (const limit of ["1", "500"]) {
        expect(await api.get(`${path}?limit=${limit}`)).toHaveStatus(200);
      }
      for (const limit of ["0", "501", "-1", "1.5", "many", "1e999"]) {
        const reply = await api.get(`${path}?limit=${limit}`);
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["limit"] });
      }
      for (const cursor of ["x", "AAAA", "e30", "%00", btoa('{"__proto__":1}'), ...forged]) {
        const reply = await api.get(`${path}?cursor=${encodeURIComponent(cursor)}`);
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["cursor"] });
      }
    });
  });
};
