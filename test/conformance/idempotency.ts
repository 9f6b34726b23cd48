import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, type Page, propose, put, unique } from "./vocabulary.ts";

const keyed = (key: string) => ({ "idempotency-key": key });

export const idempotency: Area = (api) => {
  const countVersions = async (app: string, key: string): Promise<number> => {
    const { body } = await api.get<Page<unknown>>(`/v1/history?kind=config&app=${app}&key=${key}`);
    return body.items.length;
  };

  describe("a POST with an Idempotency-Key", () => {
    it("happens once, and is answered the same again, also after later changes", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      const operations = [put({ app, key: "a", value: 1 })];
      const first = await propose(api, operations, { message: "once" }, headers);
      expect(first).toHaveStatus(201);
      await commit(api, [put({ app, key: "a", value: 2 })]);
      const current = await currentRevision(api);
      const again = await propose(api, operations, { message: "once" }, headers);
      expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: first.body });
      expect(await currentRevision(api)).toBe(current);
      expect((await api.get(`/v1/config/a?app=${app}`)).body).toMatchObject({ value: 2 });
    });

    it("shares its answer with duplicates that are sent at the same time", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      const replies = await Promise.all(
        Array.from({ length: 8 }, () =>
          propose(api, [put({ app, key: "a", value: 1 })], {}, headers),
        ),
      );
      const answers = replies.map(({ body, status }) => JSON.stringify({ status, body }));
      expect(new Set(answers).size).toBe(1);
      expect(replies[0]).toMatchObject({ status: 201, body: { changes: [{ version: 1 }] } });
      expect(await countVersions(app, "a")).toBe(1);
    });

    it("is 422 with another body, and changes nothing", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      await propose(api, [put({ app, key: "a", value: 1 })], {}, headers);
      const other = await propose(api, [put({ app, key: "a", value: 2 })], {}, headers);
      expect(other).toBeProblem("IDEMPOTENCY_KEY_REUSED");
      expect((await api.get(`/v1/config/a?app=${app}`)).body).toMatchObject({ value: 1 });
    });

    it("of another route is another request", async () => {
      const headers = keyed(unique("key"));
      const app = unique("shop");
      expect((await propose(api, [put({ app, key: "a", value: 1 })], {}, headers)).status).toBe(
        201,
      );
      expect(await api.post(`/config/${app}`, { b: 2 }, headers)).toHaveStatus(201);
      expect((await api.get(`/v1/config?app=${app}`)).body).toMatchObject({
        values: { a: 1, b: 2 },
      });
    });

    it("that was refused can be sent again, mended or not", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      const early = [put({ app, key: "a", value: 2, expectedVersion: 1 })];
      expect(await propose(api, early, {}, headers)).toBeProblem("CONFLICT");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      const later = await propose(api, early, {}, headers);
      expect(later.body.changes).toMatchObject([{ version: 2, after: 2 }]);
    });

    it("that changed nothing is answered the same again", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      const operations = [put({ app, key: "a", value: 1 })];
      const { revision } = await commit(api, operations);
      const first = await propose(api, operations, {}, headers);
      expect(first).toHaveStatus(200);
      await commit(api, [put({ app, key: "a", value: 2 })]);
      const again = await propose(api, operations, {}, headers);
      expect(again).toHaveStatus(200);
      expect(again.body).toMatchObject({ revision, changes: [] });
      expect((await api.get(`/v1/config/a?app=${app}`)).body).toMatchObject({ value: 2 });
    });

    it("may be a dry run first and a commit then", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      const operations = [put({ app, key: "a", value: 1 })];
      const dry = await propose(api, operations, { dryRun: true }, headers);
      expect(dry.body.revision).toBeNull();
      expect(await propose(api, operations, {}, headers)).toHaveStatus(201);
    });

    const any = "{app}";
    const routes: [path: string, body: object, other: object][] = [
      ["/v1/rollback", { toRevision: 0, app: any, allowLargeChange: true }, { toRevision: 0 }],
      ["/config/{app}", { b: 1 }, { b: 2 }],
      ["/config/{app}/rollback", { version: 0, allowLargeChange: true }, { version: 0 }],
      ["/api/v1/configs", { app_id: any, key: "b", value: 1 }, { app_id: any, key: "c", value: 1 }],
      ["/v1/environments", { name: any, rank: 80 }, { name: any, rank: 81 }],
      ["/v1/apps", { name: "{app}.new" }, { name: "{app}.other" }],
    ];

    it.each(routes)("to %s happens once", async (template, body, other) => {
      const name = unique("shop");
      const fill = (text: string): string => text.replaceAll(any, name);
      const headers = keyed(unique("key"));
      const post = (content: object) =>
        api.post(fill(template), JSON.parse(fill(JSON.stringify(content))), headers);
      await commit(api, [put({ app: name, key: "a", value: 1 })]);
      const first = await post(body);
      expect(first).toHaveStatus(201);
      const current = await currentRevision(api);
      const again = await post(body);
      expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: first.body });
      expect(await currentRevision(api)).toBe(current);
      expect(await post(other)).toBeProblem("IDEMPOTENCY_KEY_REUSED");
    });

    it("binds the query as well as the body", async () => {
      const app = unique("shop");
      const headers = keyed(unique("key"));
      await api.post(`/config/${app}?environment=staging`, { a: 1 }, headers);
      const other = await api.post(`/config/${app}?environment=production`, { a: 1 }, headers);
      expect(other).toBeProblem("IDEMPOTENCY_KEY_REUSED");
    });

    it("needs a key of 1 to 255 printable characters", async () => {
      const operations = [put({ app: unique("shop"), key: "a", value: 1 })];
      for (const key of ["", "with space", "k".repeat(256), "größe"]) {
        const reply = await propose(api, operations, {}, keyed(key));
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["Idempotency-Key"] });
      }
      const longest = await propose(api, operations, {}, keyed(unique("k").padEnd(255, "k")));
      expect(longest).toHaveStatus(201);
    });
  });
};
