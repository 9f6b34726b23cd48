import { describe, expect, it } from "vitest";
import type { Reply } from "../helpers/http-api.ts";
import type { Area } from "./suite.ts";
import { commit, put, remove, unique } from "./vocabulary.ts";

const tagOf = ({ headers }: Reply): string => headers.get("etag") ?? "none";

export const conditionalReads: Area = (api) => {
  /** An app with a value and every path at which that can be read, with a tag. */
  const createReadable = async () => {
    const app = unique("shop");
    const scope = { app, environment: "production" };
    const change = (value: unknown) => commit(api, [put({ ...scope, key: "a", value })]);
    await change(1);
    const { body } = await api.get<{ id: string }[]>(`/api/v1/configs?app_id=${app}`);
    const query = `app=${app}&environment=production`;
    const paths = [
      `/v1/config/a?${query}`,
      `/v1/config/a?${query}&explain=true`,
      `/v1/config?${query}`,
      `/v1/config?${query}&prefix=a`,
      `/config/${app}?environment=production`,
      `/api/v1/configs/${body[0]?.id}`,
    ];
    return { app, change, paths };
  };

  describe("a read that can be cached", () => {
    it("has a strong tag, the revision, and words for caches", async () => {
      const { paths } = await createReadable();
      for (const path of paths) {
        const reply = await api.get(path);
        expect(tagOf(reply)).toMatch(/^"[\x21\x23-\x7e]+"$/);
        expect(reply.headers.get("cache-control")).toBe("private, no-cache");
        expect(reply.headers.get("vary")).toBe("Authorization, X-API-Key, Accept, Origin");
        expect(reply.headers.get("config-revision")).toMatch(/^\d+$/);
      }
    });

    it("is 304 without a body for who has it, and says the same to caches", async () => {
      const { paths } = await createReadable();
      for (const path of paths) {
        const fresh = await api.get(path);
        const reply = await api.get(path, { "if-none-match": tagOf(fresh) });
        expect({ path, status: reply.status, text: reply.text }).toEqual({
          path,
          status: 304,
          text: "",
        });
        for (const name of ["etag", "cache-control", "vary", "config-revision"]) {
          expect(reply.headers.get(name)).toBe(fresh.headers.get(name));
        }
        const head = await api.head(path, { "if-none-match": tagOf(fresh) });
        expect(head).toHaveStatus(304);
      }
    });

    it("compares tags weakly, in lists too, and * with anything", async () => {
      const { paths } = await createReadable();
      const [path = ""] = paths;
      const tag = tagOf(await api.get(path));
      for (const held of [`W/${tag}`, `"x", ${tag}`, `"x,y",W/"z" , W/${tag}`, "*", ` ${tag} `]) {
        const reply = await api.get(path, { "if-none-match": held });
        expect(`${held} ${reply.status}`).toBe(`${held} 304`);
      }
      const [opaque] = /[^"]+/.exec(tag) ?? [];
      for (const other of ['"x"', '""', `"${opaque}x"`, `"${tag}"`, `${opaque}`]) {
        const reply = await api.get(path, { "if-none-match": other });
        expect(`${other} ${reply.status}`).toBe(`${other} 200`);
      }
      for (const other of paths) {
        expect(await api.get(other, { "if-none-match": '"x", *' })).toHaveStatus(200);
        expect(await api.get(other, { "if-none-match": "*" })).toHaveStatus(304);
      }
    });

    it("has another tag once it shows something else", async () => {
      const { change, paths } = await createReadable();
      const before = await Promise.all(paths.map(async (path) => tagOf(await api.get(path))));
      await change(2);
      for (const [index, path] of paths.entries()) {
        const reply = await api.get(path, { "if-none-match": before[index] ?? "" });
        expect(reply).toHaveStatus(200);
        expect(reply.text).toContain("2");
        expect(tagOf(reply)).not.toBe(before[index]);
      }
    });

    it("keeps its tag while something else changes", async () => {
      const { app, paths } = await createReadable();
      const before = await Promise.all(paths.map(async (path) => tagOf(await api.get(path))));
      await commit(api, [
        put({ app: unique("shop"), key: "a", value: 9 }),
        put({ app, environment: "staging", key: "a", value: 9 }),
      ]);
      expect(await Promise.all(paths.map(async (path) => tagOf(await api.get(path))))).toEqual(
        before,
      );
    });

    it("has a tag of its own for each app and environment, though the values are equal", async () => {
      const apps = [unique("shop"), unique("shop")];
      await commit(
        api,
        apps.map((app) => put({ app, key: "a", value: 1 })),
      );
      const tags = await Promise.all(
        apps.flatMap((app) =>
          ["staging", "production"].map(async (environment) =>
            tagOf(await api.get(`/v1/config?app=${app}&environment=${environment}`)),
          ),
        ),
      );
      expect(new Set(tags).size).toBe(4);
    });

    it("changes the tag of a merged value with each of the layers that are in it", async () => {
      const [app, key] = [unique("shop"), unique("layered")];
      await commit(api, [
        put({ key, value: { a: 1 } }),
        put({ app, key, value: { b: 1 }, merge: "deep" }),
      ]);
      const path = `/v1/config/${key}?app=${app}`;
      const tags = [tagOf(await api.get(path))];
      await commit(api, [put({ key, value: { a: 2 } })]);
      tags.push(tagOf(await api.get(path)));
      await commit(api, [put({ app, key, value: { b: 2 } })]);
      tags.push(tagOf(await api.get(path)));
      // Covered from now on.
      await commit(api, [put({ app, key, value: { b: 2 }, merge: "replace" })]);
      tags.push(tagOf(await api.get(path)));
      expect(new Set(tags).size).toBe(4);
      await commit(api, [put({ key, value: { a: 3 } })]);
      expect(tagOf(await api.get(path))).toBe(tags[3]);
    });

    it("has no tag again that it had for another value", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 }), put({ app, key: "b", value: 1 })]);
      const paths = [`/v1/config/a?app=${app}`, `/v1/config?app=${app}`];
      const before = await Promise.all(paths.map(async (path) => tagOf(await api.get(path))));
      await commit(api, [remove({ app, key: "a" })]);
      await commit(api, [put({ app, key: "a", value: 2 })]);
      for (const [index, path] of paths.entries()) {
        expect(tagOf(await api.get(path))).not.toBe(before[index]);
      }
    });

    it("is 412 for who insists on another state by If-Match", async () => {
      const { paths } = await createReadable();
      for (const path of paths) {
        const tag = tagOf(await api.get(path));
        const held = await api.get(path, { "if-match": `"x", ${tag}` });
        expect(`${path} ${held.status}`).toBe(`${path} 200`);
        const lost = await api.get(path, { "if-match": `"x", W/${tag}` });
        expect(lost).toBeProblem("PRECONDITION_FAILED", { detail: tag });
      }
      expect(await api.get(paths[0] ?? "", { "if-match": "*" })).toHaveStatus(200);
    });
  });
};
