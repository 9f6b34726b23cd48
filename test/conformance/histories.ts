import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import {
  type CommitResult,
  commit,
  type Page,
  put,
  readPages,
  remove,
  unique,
} from "./vocabulary.ts";

interface ChangeSetItem {
  readonly revision: number;
  readonly message: string;
}

const actor = { type: "key", id: "bootstrap-admin" };
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

export const histories: Area = (api) => {
  /** Three change sets in one app's production, of one operation each. */
  const createHistory = async () => {
    const scope = { app: unique("shop"), environment: "production" };
    const made: CommitResult[] = [];
    for (const [index, message] of ["first", "second", "third"].entries()) {
      const operation = put({ ...scope, key: `key.${index % 2}`, value: message });
      made.push(await commit(api, [operation], { message }));
    }
    return { ...scope, revisions: made.map(({ revision }) => revision) };
  };

  const list = async (query: string): Promise<ChangeSetItem[]> => {
    const reply = await api.get<Page<ChangeSetItem>>(`/v1/changes?${query}`);
    expect(reply).toHaveStatus(200);
    return [...reply.body.items];
  };

  describe("the list of change sets", () => {
    it("has the newest first, with who, when and why", async () => {
      const { app, revisions } = await createHistory();
      const items = await list(`app=${app}`);
      expect(items).toEqual(
        ["third", "second", "first"].map((message, index) => ({
          revision: revisions[2 - index],
          message,
          actor,
          committedAt: time,
          changeCount: 1,
        })),
      );
      const [newest] = await list("limit=1");
      expect(newest?.revision).toBe(revisions[2]);
    });

    it("with `after` has the oldest first, so that one can follow", async () => {
      const { app, revisions } = await createHistory();
      const [first = 0, second, third] = revisions;
      const later = await list(`after=${first}&app=${app}`);
      expect(later.map(({ revision }) => revision)).toEqual([second, third]);
      expect((await list(`after=${first - 1}&limit=1`))[0]?.revision).toBe(first);
      expect(await list(`after=${third}`)).toEqual([]);
    });

    it("can be asked for a scope, a kind and a key", async () => {
      const { app, revisions } = await createHistory();
      const messages = async (query: string) =>
        (await list(`app=${app}&${query}`)).map(({ message }) => message);
      expect(await messages("environment=production")).toEqual(["third", "second", "first"]);
      expect(await messages("environment=staging")).toEqual([]);
      expect(await messages("key=key.0&kind=config")).toEqual(["third", "first"]);
      expect(await messages(`key=key.0&after=${revisions[0]}`)).toEqual(["third"]);
    });

    it.each(["", "after=0&"])("comes in pages, without a gap (%s)", async (order) => {
      const { app } = await createHistory();
      const whole = await list(`${order}app=${app}`);
      const pages = await readPages<ChangeSetItem>(api, `/v1/changes?${order}app=${app}&limit=2`);
      expect(pages.map((page) => page.length)).toEqual([2, 1]);
      expect(pages.flat()).toEqual(whole);
    });
  });

  describe("one change set", () => {
    it("can be read with what it changed, page by page", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "b", value: 1 }), put({ app, key: "d", value: 1 })]);
      const { revision } = await commit(
        api,
        [
          put({ app, key: "c", value: [1] }),
          put({ app, key: "b", value: 2 }),
          remove({ app, key: "d" }),
        ],
        { message: "several" },
      );
      const named = { kind: "config", app, environment: null };
      const { body } = await api.get<{ epoch: string }>(`/v1/changes/${revision}`);
      expect(body).toEqual({
        epoch: expect.stringMatching(/^[0-9a-f]{16}$/),
        revision,
        message: "several",
        actor,
        committedAt: time,
        changeCount: 3,
        changes: [
          { op: "put", ...named, key: "b", version: 2, before: 1, after: 2 },
          { op: "put", ...named, key: "c", version: 1, before: null, after: [1] },
          { op: "delete", ...named, key: "d", version: 2, before: 1, after: null },
        ],
      });
      const first = await api.get<{ nextCursor: string }>(`/v1/changes/${revision}?limit=2`);
      expect(first.body).toMatchObject({ changes: [{ key: "b" }, { key: "c" }] });
      const rest = await api.get(`/v1/changes/${revision}?limit=2&cursor=${first.body.nextCursor}`);
      expect(rest.body).toMatchObject({ changes: [{ key: "d" }] });
      expect(rest.body).not.toHaveProperty("nextCursor");
    });

    it("is 404 for a revision that there is not, 400 for what is no revision", async () => {
      for (const revision of ["0", "999999999"]) {
        const reply = await api.get(`/v1/changes/${revision}`);
        expect(reply).toBeProblem("NOT_FOUND", { detail: revision });
      }
      for (const revision of ["latest", "-1", "1.5", "99999999999999999999"]) {
        const reply = await api.get(`/v1/changes/${revision}`);
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["revision"] });
      }
    });
  });

  describe("the history of an entry", () => {
    it("has every version, the newest first, deletes among them", async () => {
      const name = { app: unique("shop"), environment: "staging", key: "size" };
      await commit(api, [put({ ...name, key: "other", value: 0 })]);
      const schema = { type: "integer" };
      const [one, two, three] = [
        await commit(api, [put({ ...name, value: 1, schema })], { message: "a size" }),
        await commit(api, [remove(name)], { message: "none" }),
        await commit(api, [put({ ...name, value: 2, description: "pool", merge: "deep" })]),
      ];
      const query = `kind=config&app=${name.app}&environment=staging&key=size`;
      const { body } = await api.get(`/v1/history?${query}`);
      const common = { actor, committedAt: time };
      expect(body).toEqual({
        items: [
          {
            version: 3,
            revision: three.revision,
            op: "put",
            value: 2,
            description: "pool",
            merge: "deep",
            message: "",
            ...common,
          },
          {
            version: 2,
            revision: two.revision,
            op: "delete",
            value: null,
            merge: "replace",
            message: "none",
            ...common,
          },
          {
            version: 1,
            revision: one.revision,
            op: "put",
            value: 1,
            schema,
            merge: "replace",
            message: "a size",
            ...common,
          },
        ],
      });
      const pages = await readPages<{ version: number }>(api, `/v1/history?${query}&limit=1`);
      expect(pages.map((page) => page.map(({ version }) => version))).toEqual([[3], [2], [1]]);
    });

    it("is that of one scope", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      const reply = await api.get(`/v1/history?kind=config&app=${app}&environment=staging&key=a`);
      expect(reply).toBeProblem("NOT_FOUND", { detail: `${app}/staging` });
    });
  });
};
