import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, put, readPages, unique } from "./vocabulary.ts";

interface Environment {
  readonly name: string;
  readonly rank: number;
}

const createdAt = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

export const environments: Area = (api) => {
  const readAll = async (): Promise<Environment[]> =>
    (await readPages<Environment>(api, "/v1/environments?limit=500")).flat();

  describe("environments", () => {
    it("are three from the start, by rank", async () => {
      const all = await readAll();
      const names = ["development", "staging", "production"];
      expect(all.map(({ name }) => name).filter((name) => names.includes(name))).toEqual(names);
      const ranks = all.map(({ rank }) => rank);
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
    });

    it("can be created, once each, and then hold entries", async () => {
      const name = unique("qa");
      expect(await api.get(`/v1/config?environment=${name}`)).toBeProblem("NOT_FOUND", {
        detail: name,
      });
      const made = await api.post("/v1/environments", { name, rank: 15, protected: false });
      expect(made).toHaveStatus(201);
      expect(made.body).toEqual({ name, rank: 15, protected: false, createdAt });
      const again = await api.post("/v1/environments", { name, rank: 16, protected: true });
      expect(again).toBeProblem("CONFLICT", { detail: name });
      const names = (await readAll()).map((environment) => environment.name);
      expect(names.indexOf(name)).toBeGreaterThan(names.indexOf("development"));
      expect(names.indexOf(name)).toBeLessThan(names.indexOf("staging"));
      const key = unique("wide");
      await commit(api, [put({ environment: name, key, value: 1 })]);
      const { body } = await api.get(`/v1/config/${key}?environment=${name}`);
      expect(body).toMatchObject({ value: 1, scope: { app: null, environment: name } });
      const seed = await api.get<{ environments: string[] }>("/environments");
      expect(seed.body).toEqual({ environments: names });
    });

    it("remember whether they are protected", async () => {
      const name = unique("vault");
      const { body } = await api.post("/v1/environments", { name, rank: 90, protected: true });
      expect(body).toMatchObject({ protected: true });
      expect(await readAll()).toContainEqual({ name, rank: 90, protected: true, createdAt });
    });

    it.each([
      ["an empty name", { name: "", rank: 1, protected: false }, "name"],
      ["a name with a slash", { name: "a/b", rank: 1, protected: false }, "name"],
      ["a name of 65 characters", { name: "e".repeat(65), rank: 1, protected: false }, "name"],
      ["no name", { rank: 1, protected: false }, "name"],
      ["a rank of text", { name: "qa", rank: "first", protected: false }, "rank"],
      ["a broken rank", { name: "qa", rank: 1.5, protected: false }, "rank"],
      ["a protection of text", { name: "qa", rank: 1, protected: "yes" }, "protected"],
      ["another member", { name: "qa", rank: 1, protected: false, colour: "red" }, "colour"],
    ])("are refused with %s", async (_what, body, path) => {
      const reply = await api.post("/v1/environments", body);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("come in pages", async () => {
      await api.post("/v1/environments", { name: unique("qa"), rank: 50, protected: false });
      const pages = await readPages<Environment>(api, "/v1/environments?limit=2");
      expect(pages.length).toBeGreaterThan(1);
      expect(pages.flat()).toEqual(await readAll());
    });
  });

  describe("apps", () => {
    it("can be created without an entry, once each", async () => {
      const name = unique("shop");
      const made = await api.post("/v1/apps", { name });
      expect(made).toHaveStatus(201);
      expect(made.body).toEqual({ name, createdAt });
      expect(await api.post("/v1/apps", { name })).toBeProblem("CONFLICT", { detail: name });
      expect(await api.get(`/v1/config?app=${name}`)).toHaveStatus(200);
      await commit(api, [put({ app: name, key: "a", value: 1 })]);
    });

    it("are listed by name, those among them that came with an entry", async () => {
      const [made, born] = [unique("shop"), unique("shop")];
      await api.post("/v1/apps", { name: made });
      await commit(api, [put({ app: born, key: "a", value: 1 })]);
      const pages = await readPages<{ name: string }>(api, "/v1/apps?limit=100");
      const names = pages.flat().map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([made, born]));
      expect(names).toEqual(names.toSorted());
    });

    it.each([
      ["an empty name", { name: "" }, "name"],
      ["a name with a space", { name: "a b" }, "name"],
      ["a name with a line break", { name: "a\n" }, "name"],
      ["a number for a name", { name: 1 }, "name"],
      ["another member", { name: "shop", owner: "me" }, "owner"],
    ])("are refused with %s", async (_what, body, path) => {
      expect(await api.post("/v1/apps", body)).toBeProblem("INVALID_INPUT", { paths: [path] });
    });
  });
};
