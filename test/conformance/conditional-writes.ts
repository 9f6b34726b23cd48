import { describe, expect, it } from "vitest";
import type { Reply } from "../helpers/http-api.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

const tagOf = ({ headers }: Reply): string => headers.get("etag") ?? "none";

const pathOf = (app: string): string => `/v1/config/a?app=${app}&environment=production`;

export const conditionalWrites: Area = (api) => {
  /** A key that can be put, and its present tag. */
  const createKey = async () => {
    const app = unique("shop");
    await commit(api, [
      put({ app, environment: "production", key: "a", value: 1 }),
      put({ app, environment: "production", key: "b", value: 1 }),
    ]);
    const path = pathOf(app);
    return { app, path, tag: tagOf(await api.get(path)) };
  };

  /** The same by its id. */
  const createEntry = async () => {
    const { app } = await createKey();
    const { body } = await api.get<{ id: string; key: string }[]>(`/api/v1/configs?app_id=${app}`);
    const path = `/api/v1/configs/${body.find(({ key }) => key === "a")?.id}`;
    return { app, path, tag: tagOf(await api.get(path)) };
  };

  const expectValue = async (path: string, value: unknown): Promise<void> => {
    expect((await api.get(path)).body).toMatchObject({ value });
  };

  describe("a write with If-Match", () => {
    it("goes through where the tag is the current one, and once only", async () => {
      const { path, tag } = await createKey();
      const made = await api.put(path, { value: 2 }, { "if-match": tag });
      expect(made).toHaveStatus(200);
      expect(made.body).toEqual({ key: "a", value: 2, version: 2 });
      const again = await api.put(path, { value: 3 }, { "if-match": tag });
      expect(again).toBeProblem("PRECONDITION_FAILED");
      expect(again.body).toMatchObject({ currentVersion: 2 });
      expect(tagOf(again)).toBe(tagOf(await api.get(path)));
      await expectValue(path, 2);
    });

    it("goes through where one tag of a list is the current one, or for *", async () => {
      const { path, tag } = await createKey();
      expect((await api.put(path, { value: 2 }, { "if-match": `"x", ${tag},"y"` })).status).toBe(
        200,
      );
      expect(await api.put(path, { value: 3 }, { "if-match": "*" })).toHaveStatus(200);
      await expectValue(path, 3);
    });

    it("is 412 for every other tag, weak ones among them", async () => {
      const { path, tag } = await createKey();
      const explained = tagOf(await api.get(`${path}&explain=true`));
      const document = tagOf(await api.get(path.replace("/a?", "?")));
      for (const other of [
        `W/${tag}`,
        '"x"',
        '"x", "y"',
        tag.slice(1, -1),
        '""',
        explained,
        document,
      ]) {
        const reply = await api.put(path, { value: 2 }, { "if-match": other });
        expect(reply).toBeProblem("PRECONDITION_FAILED", { detail: "If-Match" });
      }
      await expectValue(path, 1);
    });

    it("is 412 for * where there is nothing", async () => {
      const { app } = await createKey();
      const path = pathOf(app).replace("/a?", "/missing?");
      const reply = await api.put(path, { value: 1 }, { "if-match": "*" });
      expect(reply).toBeProblem("PRECONDITION_FAILED", { detail: "does not exist" });
      expect(reply.body).toMatchObject({ currentVersion: 0 });
      expect(await api.get(path)).toBeProblem("NOT_FOUND");
    });

    it("is lost by all but one of many that race", async () => {
      const { path, tag } = await createKey();
      const replies = await Promise.all(
        Array.from({ length: 6 }, (_, index) =>
          api.put(path, { value: index + 10 }, { "if-match": tag }),
        ),
      );
      const statuses = replies.map(({ status }) => status);
      const [won, lost] = [200, 412].map((status) => statuses.filter((one) => one === status));
      expect([won?.length, lost?.length]).toEqual([1, 5]);
      await expectValue(path, statuses.indexOf(200) + 10);
    });
  });

  describe("a write with If-None-Match", () => {
    it("of * creates, and does not overwrite", async () => {
      const { app } = await createKey();
      const path = pathOf(app).replace("/a?", "/new?");
      const made = await api.put(path, { value: 1 }, { "if-none-match": "*" });
      expect(made.body).toEqual({ key: "new", value: 1, version: 1 });
      const again = await api.put(path, { value: 2 }, { "if-none-match": "*" });
      expect(again).toBeProblem("PRECONDITION_FAILED", { detail: "If-None-Match" });
      await expectValue(path, 1);
    });

    it("of * counts a weaker layer's value, which the path shows as well", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: "weak" })]);
      const reply = await api.put(pathOf(app), { value: 1 }, { "if-none-match": "*" });
      expect(reply).toBeProblem("PRECONDITION_FAILED");
      const tag = tagOf(await api.get(pathOf(app)));
      const made = await api.put(pathOf(app), { value: 1 }, { "if-match": tag });
      expect(made.body).toMatchObject({ version: 1 });
    });

    it("of a tag goes through where the current one is another", async () => {
      const { path, tag } = await createKey();
      expect(await api.put(path, { value: 2 }, { "if-none-match": `W/${tag}` })).toBeProblem(
        "PRECONDITION_FAILED",
      );
      expect(await api.put(path, { value: 2 }, { "if-none-match": '"x"' })).toHaveStatus(200);
      await expectValue(path, 2);
    });
  });

  describe("a write of an entry by its id", () => {
    it("heeds If-Match, and answers with the next tag", async () => {
      const { path, tag } = await createEntry();
      for (const other of ['"x"', `W/${tag}`]) {
        const refused = await api.put(path, { value: 2 }, { "if-match": other });
        expect(refused).toBeProblem("PRECONDITION_FAILED");
        expect(await api.delete(path, { "if-match": other })).toBeProblem("PRECONDITION_FAILED");
      }
      const made = await api.put(path, { value: 2 }, { "if-match": tag });
      expect(made.body).toMatchObject({ value: 2, version: 2 });
      expect(tagOf(made)).toBe(tagOf(await api.get(path)));
      expect(await api.delete(path, { "if-match": tag })).toBeProblem("PRECONDITION_FAILED");
      const gone = await api.delete(path, { "if-match": `"x", ${tagOf(made)}` });
      expect({ status: gone.status, text: gone.text }).toEqual({ status: 204, text: "" });
      expect(await api.get(path)).toBeProblem("NOT_FOUND");
    });

    it("heeds If-None-Match", async () => {
      const { path, tag } = await createEntry();
      for (const held of ["*", tag]) {
        const reply = await api.put(path, { value: 2 }, { "if-none-match": held });
        expect(reply).toBeProblem("PRECONDITION_FAILED");
      }
      expect((await api.get(path)).body).toMatchObject({ value: 1 });
    });
  });
};
