import { describe, expect, it } from "vitest";
import type { Reply } from "../helpers/http-api.ts";
import { bearer, makeKey } from "./access-vocabulary.ts";
import {
  type AuditRow,
  address,
  auditPage,
  auditRows,
  exportedRows,
  idsOf,
  refusedSoFar,
  time,
  times,
} from "./audit-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, propose, put, unique } from "./vocabulary.ts";

export const auditLog: Area = (api) => {
  describe("the audit log", () => {
    it("tells of a change set who made it, how, from where, and what it changed", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "editor", app }]);
      const requestId = unique("request");
      const headers = {
        ...bearer(key),
        "x-request-id": requestId,
        "user-agent": `auditor's friend/1.0 ${"x".repeat(300)}`,
      };
      const operations = [put({ app, key: "a", value: 1 }), put({ app, key: "b", value: "two" })];
      const { body } = await propose(api, operations, { message: "two keys" }, headers);
      const rows = await auditRows(api, `?revision=${body.revision}`);
      const scope = { kind: "config", app, environment: null, version: 1, before: null };
      expect(rows).toEqual([
        {
          id: expect.any(Number),
          at: time,
          actor: { type: "key", id },
          authentication: "api-key",
          action: "change",
          revision: body.revision,
          count: 1,
          requestId,
          userAgent: headers["user-agent"].slice(0, 256),
          detail: { message: "two keys" },
          address,
          changes: [
            { ...scope, op: "put", key: "a", after: 1 },
            { ...scope, op: "put", key: "b", after: "two" },
          ],
          changesTotal: 2,
        },
      ]);
      expect(await auditRows(api, `?actor=${id}`)).toEqual(rows);
    });

    it("shows of a large change set the first twenty changes, and how many there are", async () => {
      const app = unique("shop");
      const operations = Array.from({ length: 45 }, (_, index) =>
        put({ app, key: `k.${index}`, value: index }),
      );
      const { revision } = await commit(api, operations);
      const [row] = await auditRows(api, `?revision=${revision}`);
      expect(row).toMatchObject({ changesTotal: 45, actor: { id: "bootstrap-admin" } });
      expect(row?.changes).toHaveLength(20);
      expect(row?.authentication).toBe("bootstrap-key");
    });

    it("tells of a rollback, a replacement, an environment, an app, a key and a role", async () => {
      const [app, name] = [unique("shop"), unique("new")];
      const { id, key } = await makeKey(api, [{ role: "admin" }]);
      const headers = bearer(key);
      const send = async (method: string, path: string, content?: object): Promise<Reply> => {
        const reply = await api.send({
          method,
          path,
          headers: { ...headers, "content-type": "application/json" },
          ...(content === undefined ? {} : { body: JSON.stringify(content) }),
        });
        expect(reply.status).toBeLessThan(300);
        return reply;
      };
      const { body } = await propose(api, [put({ app, key: "a", value: 1 })], {}, headers);
      await send("PUT", `/v1/config/a?app=${app}`, { value: 2 });
      await send("POST", "/v1/rollback", { toRevision: body.revision, app });
      await send("POST", `/config/${app}?environment=production&replace=true`, { b: 1 });
      await send("POST", "/v1/environments", { name, rank: 70 });
      await send("POST", "/v1/apps", { name });
      await send("POST", "/v1/roles", { name, description: "d", actions: ["entries.read"] });
      await send("PUT", `/v1/roles/${name}`, { actions: ["audit.read"] });
      await send("DELETE", `/v1/roles/${name}`);
      const made = await makeKey(api, [{ role: "viewer" }], {}, headers);
      await send("DELETE", `/v1/api-keys/${made.id}`);
      const rows = await auditRows(api, `?actor=${id}&after=0`);
      const role = { name, description: "d", actions: ["entries.read"] };
      const changed = { name, description: "", actions: ["audit.read"] };
      const { key: _, ...shown } = made;
      expect(rows.map(({ action, detail }) => [action, detail])).toEqual([
        ["change", { message: "" }],
        ["change", expect.anything()],
        ["rollback", expect.anything()],
        ["replace", expect.anything()],
        ["environment.create", expect.objectContaining({ name })],
        ["app.create", expect.objectContaining({ name })],
        ["role.create", { after: role }],
        ["role.update", { before: expect.objectContaining(role), after: changed }],
        ["role.delete", { before: expect.objectContaining(changed) }],
        ["api-key.create", { after: shown }],
        ["api-key.revoke", { before: shown }],
      ]);
      for (const row of rows) {
        expect(row).toMatchObject({
          at: time,
          authentication: "api-key",
          count: 1,
          requestId: expect.any(String),
        });
      }
      expect(rows.filter(({ revision }) => revision !== null)).toHaveLength(4);
    });

    it("leaves no trace of what was refused by a rule, or changed nothing", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "editor", app }]);
      const write = (version: number) =>
        propose(api, [put({ app, key: "a", value: 1, expectedVersion: version })], {}, bearer(key));
      expect(await write(7)).toBeProblem("CONFLICT");
      expect(await write(0)).toHaveStatus(201);
      expect(await propose(api, [put({ app, key: "a", value: 1 })], {}, bearer(key))).toHaveStatus(
        200,
      );
      const dry = { dryRun: true };
      expect(await propose(api, [put({ app, key: "a", value: 2 })], dry, bearer(key))).toHaveStatus(
        200,
      );
      expect(await auditRows(api, `?actor=${id}`)).toHaveLength(1);
    });
  });

  describe("the audit log's filters", () => {
    it("choose by actor, action, revision and time", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "admin", app }]);
      const headers = bearer(key);
      const revisions: number[] = [];
      for (const value of [1, 2, 3]) {
        const { body } = await propose(api, [put({ app, key: "a", value })], {}, headers);
        revisions.push(body.revision);
      }
      await makeKey(api, [{ role: "viewer", app }], {}, headers);
      const mine = await auditRows(api, `?actor=${id}`);
      const oldestFirst = mine.toReversed();
      expect(oldestFirst.map(({ revision }) => revision)).toEqual([...revisions, null]);
      const [first, second, third, made] = oldestFirst as [AuditRow, AuditRow, AuditRow, AuditRow];
      const expected: Record<string, AuditRow[]> = {
        "&action=change": [third, second, first],
        "&action=api-key.create": [made],
        "&action=no.such": [],
        [`&revision=${revisions[1]}`]: [second],
        "&revision=999999999": [],
        [`&after=${first.id}`]: [second, third, made],
        [`&after=${made.id}`]: [],
        [`&after=${second.at}`]: [third, made],
        [`&before=${second.at}`]: [first],
        [`&after=${first.at}&before=${made.at}`]: [second, third],
        [`&after=${first.id}&action=change`]: [second, third],
        "&after=2000-01-01T00:00:00Z": oldestFirst,
        "&before=2000-01-01T00:00:00Z": [],
        "&after=2999-01-01T00:00:00%2B01:00": [],
      };
      for (const [query, rows] of Object.entries(expected)) {
        expect({ query, ids: idsOf(await auditRows(api, `?actor=${id}${query}`)) }).toEqual({
          query,
          ids: idsOf(rows),
        });
        const sent = await exportedRows(api, `?actor=${id}${query}`);
        const oldest = query.startsWith("&after") ? rows : rows.toReversed();
        expect(idsOf(sent)).toEqual(idsOf(oldest));
      }
      expect(await auditRows(api, "?actor=nobody")).toEqual([]);
      expect(await auditRows(api, "?actor=%25")).toEqual([]);
    });

    it.each([
      ["actor=", "actor"],
      ["actor=%00", "actor"],
      [`actor=${"x".repeat(101)}`, "actor"],
      ["action=%00", "action"],
      ["revision=-1", "revision"],
      ["revision=x", "revision"],
      ["after=yesterday", "after"],
      ["after=-1", "after"],
      ["after=1.5", "after"],
      ["after=2026-01-01", "after"],
      ["after=0000-01-01T00:00:00Z", "after"],
      ["before=41", "before"],
      ["before=2026-01-01T00:00:00%2B23:00", "before"],
      ["limit=0", "limit"],
      ["limit=501", "limit"],
      ["cursor=x", "cursor"],
      ["cursor=IngiCg", "cursor"],
      ["from=1", "from"],
    ])("refuse what they cannot read: %s", async (query, path) => {
      expect(await api.get(`/v1/audit?${query}`)).toBeProblem("INVALID_INPUT", { paths: [path] });
      expect(await api.get(`/v1/audit/export?${query}`)).toBeProblem("INVALID_INPUT", {
        paths: [path],
      });
    });
  });

  describe("a long audit log", () => {
    it("is exported as it is listed, the other way round, batch after batch", async () => {
      const query = "?action=change";
      const app = unique("shop");
      const missing = 510 - (await auditRows(api, `${query}&limit=500`)).length;
      await times(missing, (index) => commit(api, [put({ app, key: "a", value: index })]));
      const listed = await auditRows(api, `${query}&limit=500`);
      expect(listed.length).toBeGreaterThan(500);
      const sent = await exportedRows(api, query);
      expect(sent).toEqual(listed.toReversed());
      const rest = sent.slice(-100);
      const after = `${query}&after=${sent.at(-101)?.id}`;
      expect(await exportedRows(api, after)).toEqual(rest);
      expect(await auditRows(api, `${after}&limit=33`)).toEqual(rest);
    });

    it("is paged both ways without a gap or a repeat while rows are added", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "admin", app }]);
      const headers = bearer(key);
      const writes: ((index: number) => Promise<Reply>)[] = [
        (index) => propose(api, [put({ app, key: `k.${index}`, value: index })], {}, headers),
        () => api.post("/v1/api-keys", { name: "k", grants: [{ role: "viewer", app }] }, headers),
        (index) => api.post("/v1/environments", { name: unique("qa"), rank: index }, headers),
        (index) => api.get(`/v1/config?app=${unique("other")}&environment=e${index}`, headers),
      ];
      const write = (many: number) => times(many, (index) => writes[index % writes.length]!(index));
      await write(20);
      const before = await auditRows(api, `?actor=${id}`);

      let writing = true;
      const written = write(80).finally(() => {
        writing = false;
      });
      const back: AuditRow[] = [];
      for (let cursor = ""; ; ) {
        const { items, nextCursor } = await auditPage(api, `?actor=${id}&limit=3${cursor}`);
        back.push(...items);
        if (nextCursor === undefined) break;
        cursor = `&cursor=${nextCursor}`;
      }
      const forth: AuditRow[] = [];
      do {
        const last = forth.at(-1)?.id ?? 0;
        forth.push(...(await auditPage(api, `?actor=${id}&after=${last}&limit=7`)).items);
      } while (writing);
      await written;
      await refusedSoFar(api, id, 50);
      forth.push(...(await auditRows(api, `?actor=${id}&after=${forth.at(-1)?.id ?? 0}`)));

      const all = idsOf(await auditRows(api, `?actor=${id}`));
      expect(idsOf(forth)).toEqual(all.toReversed());
      expect(idsOf(back)).toEqual(all.slice(all.indexOf(back[0]!.id)));
      expect(all).toEqual(expect.arrayContaining(idsOf(before)));
    });
  });
};
