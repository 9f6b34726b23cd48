import { describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import { bearer, eventually, makeKey } from "./access-vocabulary.ts";
import { address, countOf, refusalsOf, refusedSoFar, time, times } from "./audit-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

export const auditRefusals: Area = (api) => {
  describe("refusals", () => {
    it("of one key on one route are a row a minute, and none is forgotten", async () => {
      const { id, key } = await makeKey(api, [{ role: "viewer" }]);
      const headers = { ...bearer(key), "user-agent": "refused/1" };
      const replies = await times(200, (index) =>
        api.post("/v1/environments", { name: unique("qa"), rank: index }, headers),
      );
      for (const reply of replies) expect(reply).toBeProblem("FORBIDDEN");
      const rows = await refusedSoFar(api, id, 200);
      expect(countOf(rows)).toBe(200);
      // A minute may have ended meanwhile.
      expect(rows.length).toBeLessThanOrEqual(2);
      expect(rows[0]).toEqual({
        id: expect.any(Number),
        at: time,
        actor: { type: "key", id },
        revision: null,
        authentication: "api-key",
        action: "refused",
        userAgent: "refused/1",
        count: expect.any(Number),
        requestId: expect.any(String),
        detail: { route: "createEnvironment", code: "FORBIDDEN" },
        address,
      });
      const ids = replies.map(({ body }) => (body as { requestId: string }).requestId);
      expect(ids).toContain(rows[0]?.requestId);
    });

    it("on other routes, and for other reasons, are rows of their own", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "viewer", app }]);
      const headers = bearer(key);
      await api.post("/v1/apps", { name: unique("app") }, headers);
      await api.get("/v1/audit", headers);
      await api.get("/v1/audit/export", headers);
      await api.put(`/v1/config/a?app=${app}`, { value: 1 }, headers);
      const rows = await refusedSoFar(api, id, 4);
      expect(new Set(rows.map(({ detail }) => JSON.stringify(detail))).size).toBe(4);
    });

    it("that are masked as missing are counted too, and what is truly missing is not", async () => {
      const [app, other] = [unique("shop"), unique("vault")];
      await commit(api, [
        put({ app, key: "a", value: 1 }),
        put({ app: other, key: "a", value: 1 }),
      ]);
      const { id, key } = await makeKey(api, [{ role: "auditor", app }]);
      const get = (path: string) => api.get(path, bearer(key));
      const replies = [
        // These are not there for anybody.
        await get(`/v1/config/b?app=${app}`),
        await get("/v1/api-keys/0000000000000000"),
        await get(`/v1/config/a?app=${other}`),
        await get(`/v1/config?app=${other}`),
        await get("/v1/api-keys/bootstrap-admin"),
      ];
      for (const reply of replies) expect(reply).toBeProblem("NOT_FOUND");
      const rows = await refusedSoFar(api, id, 3);
      expect(countOf(rows)).toBe(3);
      expect(new Set(rows.map(({ detail }) => detail["code"]))).toEqual(new Set(["NOT_FOUND"]));
    });

    it("of nobody in particular make few rows, whatever keys are made up", async () => {
      const query = "/v1/roles/some-role";
      const countNow = async (): Promise<{ rows: number; count: number }> => {
        const rows = (await refusalsOf(api, "anonymous")).filter(
          ({ detail }) => detail["route"] === "deleteRole",
        );
        return { rows: rows.length, count: countOf(rows) };
      };
      const before = await countNow();
      const replies = await times(200, (index) => {
        const key = index % 2 === 0 ? generateKey().text : unique("made-up");
        return api.send({ method: "DELETE", path: query, headers: bearer(key) });
      });
      for (const reply of replies) expect(reply).toBeProblem("UNAUTHENTICATED");
      const after = await eventually(countNow, ({ count }) => count >= before.count + 200);
      expect(after.count).toBe(before.count + 200);
      expect(after.rows - before.rows).toBeLessThanOrEqual(2);
    });

    it("hold nothing of the key that was refused", async () => {
      const wrong = generateKey();
      const tried = unique("fl_tried");
      for (const key of [wrong.text, tried]) await api.get("/v1/whoami", bearer(key));
      await eventually(
        () => refusalsOf(api, "anonymous"),
        (rows) => rows.some(({ detail }) => detail["route"] === "whoAmI"),
      );
      const { text } = await api.get("/v1/audit/export?action=refused");
      for (const trace of [tried, wrong.id, wrong.text.slice(-50)])
        expect(text).not.toContain(trace);
    });
  });
};
