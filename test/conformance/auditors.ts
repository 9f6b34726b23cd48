import { describe, expect, it } from "vitest";
import type { HeadersOf } from "../helpers/http-api.ts";
import { bearer, type Grant, makeKey } from "./access-vocabulary.ts";
import { auditPage, auditRows, exportedRows } from "./audit-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

export const auditors: Area = (api) => {
  describe("an auditor", () => {
    /** A change set over two apps, one over each alone, and something that is of no app. */
    const history = async () => {
      const [app, other] = [unique("payments"), unique("vault")];
      const name = unique("hidden");
      const revisions: number[] = [];
      for (const operations of [
        [put({ app, key: "a", value: "mine" }), put({ app: other, key: name, value: name })],
        [put({ app: other, key: name, value: 2 })],
        [put({ app, environment: "production", key: "a", value: "mine too" })],
      ]) {
        revisions.push((await commit(api, operations)).revision);
      }
      await api.post("/v1/roles", { name, actions: ["entries.read"] });
      return { app, other, name, revisions };
    };
    const reader = async (grants: readonly Grant[]): Promise<HeadersOf> =>
      bearer((await makeKey(api, grants)).key);

    it("of one app sees the change sets that touch it, and of these only that", async () => {
      const { app, name, other, revisions } = await history();
      const headers = await reader([{ role: "auditor", app }]);
      await api.get(`/v1/config?app=${other}`, headers);
      const rows = await auditRows(api, "?after=0", headers);
      expect(rows.map(({ revision }) => revision)).toEqual([revisions[0], revisions[2]]);
      expect(rows.map(({ changesTotal }) => changesTotal)).toEqual([1, 1]);
      expect(rows.map(({ changes }) => changes)).toMatchObject([
        [{ app, key: "a", before: null, after: "mine" }],
        [{ app, environment: "production", after: "mine too" }],
      ]);
      expect(await exportedRows(api, "", headers)).toEqual(rows);
      expect(await auditRows(api, `?revision=${revisions[1]}`, headers)).toEqual([]);
      for (const action of ["refused", "role.create", "api-key.create", "environment.create"]) {
        expect(await auditRows(api, `?action=${action}`, headers)).toEqual([]);
      }
      const { text } = await api.get("/v1/audit?limit=500", headers);
      for (const hidden of [other, name]) expect(text).not.toContain(hidden);
    });

    it("of one environment or some keys sees what they may see in the same way", async () => {
      const { app, revisions } = await history();
      const environment = await reader([{ role: "auditor", app, environment: "production" }]);
      expect((await auditRows(api, "", environment)).map(({ revision }) => revision)).toEqual([
        revisions[2],
      ]);
      const keys = await reader([{ role: "auditor", app, keys: ["b"] }]);
      expect(await auditRows(api, "", keys)).toEqual([]);
      expect(await exportedRows(api, "", keys)).toEqual([]);
    });

    it("pages through what they see as if there were nothing else", async () => {
      const { app, revisions } = await history();
      const headers = await reader([{ role: "auditor", app }]);
      for (const order of ["", "&after=0"]) {
        const first = await auditPage(api, `?limit=1${order}`, headers);
        const second = await auditPage(api, `?limit=1${order}&cursor=${first.nextCursor}`, headers);
        expect(second.nextCursor).toBeUndefined();
        const seen = [...first.items, ...second.items].map(({ revision }) => revision);
        expect(seen).toEqual(
          order === "" ? [revisions[2], revisions[0]] : [revisions[0], revisions[2]],
        );
      }
    });

    it("who may not read entries sees that they changed, and not what was in them", async () => {
      const { app } = await history();
      const role = unique("clerk");
      await api.post("/v1/roles", { name: role, actions: ["audit.read"] });
      const rows = await auditRows(api, "", await reader([{ role, app }]));
      expect(rows).toHaveLength(2);
      for (const { changes } of rows)
        expect(changes).toMatchObject([{ key: "a", before: null, after: null }]);
    });

    it("to whom something is denied sees all but that", async () => {
      const { app, other, revisions } = await history();
      const headers = await reader([
        { role: "auditor" },
        { role: "auditor", effect: "deny", app: other },
      ]);
      const rows = await auditRows(api, `?revision=${revisions[0]}`, headers);
      expect(rows).toMatchObject([{ changesTotal: 1, changes: [{ app }] }]);
      expect(await auditRows(api, `?revision=${revisions[1]}`, headers)).toEqual([]);
    });

    it("is who may read the log: everybody else is refused", async () => {
      for (const role of ["viewer", "editor", "approver", "operator", "runtime"]) {
        const headers = await reader([{ role }]);
        for (const path of ["/v1/audit", "/v1/audit/export", "/v1/audit?actor=anonymous"]) {
          expect(await api.get(path, headers)).toBeProblem("FORBIDDEN", { detail: "audit.read" });
        }
      }
    });
  });
};
