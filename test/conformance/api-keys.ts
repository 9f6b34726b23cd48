import { describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import {
  type ApiKey,
  askForKey,
  bearer,
  type CreatedApiKey,
  eventually,
  type Grant,
  makeKey,
  tracesOf,
  type Whoami,
} from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, type Page, put, readPages, unique } from "./vocabulary.ts";

const viewer: readonly Grant[] = [{ role: "viewer" }];
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** Each role, with what it is for; it may come to permit more. */
const roles: Readonly<Record<string, readonly string[]>> = {
  viewer: ["entries.read"],
  editor: ["entries.read", "entries.write", "apps.write"],
  approver: ["entries.read", "changes.approve"],
  operator: ["entries.read", "rollouts.operate", "outbox.redrive"],
  auditor: ["entries.read", "audit.read", "access.read"],
  runtime: ["job-specs.lease"],
  admin: ["entries.write", "environments.write", "access.write"],
};

export const apiKeys: Area = (api, server) => {
  const whoami = (key: string) => api.get<Whoami>("/v1/whoami", bearer(key));
  const get = (id: string) => api.get<ApiKey>(`/v1/api-keys/${id}`);
  const revoke = (id: string) => api.delete(`/v1/api-keys/${id}`);

  describe("an API key", () => {
    it.each(Object.entries(roles))(
      "with the role %s may do what the role may",
      async (role, actions) => {
        const { key } = await makeKey(api, [{ role }]);
        const { body } = await whoami(key);
        expect(body.actions).toEqual(expect.arrayContaining([...actions]));
        const { body: known } =
          await api.get<Page<{ name: string; actions: readonly string[] }>>("/v1/roles");
        const documented = known.items.find(({ name }) => name === role);
        expect(new Set(body.actions)).toEqual(new Set(documented?.actions));
      },
    );

    it("is made with all that it may carry, and works at once in both headers", async () => {
      const app = unique("shop");
      const grants: Grant[] = [
        { role: "viewer", effect: "allow", app, keys: ["db.*", "*.url", "a*b*c*d*e*f*g*h*"] },
        { role: "editor", effect: "allow", app: "pay*", environment: "*", kinds: ["config"] },
        { role: "admin", effect: "deny", environment: "production", keys: ["license.*"] },
      ];
      const defaults = { app, environment: "production" };
      const expiresAt = "2999-12-31T23:59:59Z";
      const made = await askForKey(api, grants, { name: " reader ", defaults, expiresAt });
      expect(made).toHaveStatus(201);
      expect(made.headers.get("cache-control")).toBe("no-store");
      const { key, ...shown } = made.body;
      expect(key).toMatch(new RegExp(`^fl_${shown.id}_[0-9A-Za-z]{50}$`));
      expect(shown).toEqual({
        id: expect.stringMatching(/^[0-9A-Za-z]{16}$/),
        name: "reader",
        state: "active",
        grants,
        defaults,
        expiresAt,
        createdAt: time,
        createdBy: "bootstrap-admin",
        lastUsedAt: null,
        revokedAt: null,
        revokedBy: null,
      });
      for (const headers of [bearer(key), { "x-api-key": key }]) {
        const { body } = await api.send({ method: "GET", path: "/v1/whoami", headers });
        expect(body).toEqual({
          actor: { type: "key", id: shown.id },
          name: "reader",
          authentication: "api-key",
          grants,
          defaults,
          expiresAt,
          actions: ["entries.read", "entries.write", "apps.write"],
        });
      }
      const { lastUsedAt: _, ...kept } = (await get(shown.id)).body;
      expect({ ...kept, lastUsedAt: null }).toEqual(shown);
    });

    it("allows where nothing is said, and needs neither defaults nor an end", async () => {
      const made = await makeKey(api, viewer);
      expect(made).toMatchObject({
        grants: [{ role: "viewer", effect: "allow" }],
        defaults: { app: null, environment: null },
        expiresAt: null,
      });
      const nulls = { defaults: { app: null, environment: null }, expiresAt: null };
      expect(await makeKey(api, viewer, nulls)).toMatchObject(nulls);
    });

    it("reads in its default scope where a request names none", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "a", value: "all" }),
        put({ app, environment: "staging", key: "a", value: "staging" }),
      ]);
      const { key } = await makeKey(api, viewer, { defaults: { app, environment: "staging" } });
      const read = await api.get("/v1/config/a", bearer(key));
      expect(read.body).toMatchObject({ value: "staging" });
      const other = await api.get("/v1/config/a?environment=production", bearer(key));
      expect(other.body).toMatchObject({ value: "all" });
    });

    it("is told once: no answer, log line or audit row holds it afterwards", async () => {
      const headers = { "idempotency-key": unique("key") };
      const body = { name: unique("key"), grants: viewer };
      const made = await api.post<CreatedApiKey>("/v1/api-keys", body, headers);
      expect(made).toHaveStatus(201);
      const { id, key } = made.body;
      const answers = [
        await api.post("/v1/api-keys", body, headers),
        await whoami(key),
        await api.get("/v1/whoami", bearer(`${key}x`)),
        await api.get("/v1/environments", bearer(key)),
        await api.post("/v1/environments", { name: key, rank: 1 }, bearer(key)),
        await get(id),
        await api.get("/v1/api-keys?limit=500"),
        await revoke(id),
        await whoami(key),
        await get(id),
        await api.get("/v1/api-keys?state=all&limit=500"),
        await api.get("/v1/audit?limit=500"),
        await api.get("/v1/audit/export"),
      ].map(({ text }) => text);
      expect(answers.filter((text) => text.includes(id)).length).toBeGreaterThan(6);
      const written = [...answers, server().output?.() ?? ""].join("\n");
      expect(tracesOf(key).filter((trace) => written.includes(trace))).toEqual([]);
    });

    it("tells when it was last used, a while after it was", async () => {
      const made = await makeKey(api, viewer);
      await whoami(made.key);
      const { body } = await get(made.id);
      expect([null, time]).toContainEqual(body.lastUsedAt);
      expect(body.lastUsedAt === null || body.lastUsedAt >= made.createdAt.slice(0, 19)).toBe(true);
    });
  });

  describe("the list of API keys", () => {
    it("is newest first, page by page, without a gap or a repeat", async () => {
      const app = unique("shop");
      const steward = await makeKey(api, [{ role: "admin", app }]);
      const ids: string[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        ids.unshift((await makeKey(api, [{ role: "viewer", app }])).id);
        // Keys of others are not in the way of its pages.
        await makeKey(api, viewer);
      }
      for (const limit of [1, 2, 3, 7, 8]) {
        const seen: string[] = [];
        let path = `/v1/api-keys?limit=${limit}`;
        for (let cursor: string | undefined = "first"; cursor !== undefined; ) {
          const { body } = await api.get<Page<ApiKey>>(path, bearer(steward.key));
          expect(body.items.length).toBeLessThanOrEqual(limit);
          seen.push(...body.items.map(({ id }) => id));
          cursor = body.nextCursor;
          path = `/v1/api-keys?limit=${limit}&cursor=${cursor}`;
        }
        expect(seen).toEqual([...ids, steward.id]);
      }
    });

    it("shows active keys, or those of another state, or all", async () => {
      const app = unique("shop");
      const steward = await makeKey(api, [{ role: "admin", app }]);
      const [active, revoked, expiring] = [
        await makeKey(api, [{ role: "viewer", app }]),
        await makeKey(api, [{ role: "viewer", app }]),
        await makeKey(api, [{ role: "viewer", app }], {
          expiresAt: new Date(Date.now() + 700).toISOString(),
        }),
      ];
      expect(await revoke(revoked.id)).toHaveStatus(204);
      await eventually(
        () => get(expiring.id),
        ({ body }) => body.state === "expired",
      );
      const idsOf = async (query: string): Promise<string[]> => {
        const { body } = await api.get<Page<ApiKey>>(`/v1/api-keys${query}`, bearer(steward.key));
        return body.items.map(({ id }) => id);
      };
      expect(await idsOf("")).toEqual([active.id, steward.id]);
      expect(await idsOf("?state=active")).toEqual([active.id, steward.id]);
      expect(await idsOf("?state=revoked")).toEqual([revoked.id]);
      expect(await idsOf("?state=expired")).toEqual([expiring.id]);
      expect(await idsOf("?state=all")).toEqual([expiring.id, revoked.id, active.id, steward.id]);
    });

    it("takes no other state, limit or cursor", async () => {
      const cursorOf = (position: unknown): string =>
        Buffer.from(JSON.stringify(position)).toString("base64url");
      for (const [query, path] of [
        ["state=gone", "state"],
        ["state=active&state=all", "state"],
        ["limit=0", "limit"],
        ["limit=501", "limit"],
        ["cursor=x", "cursor"],
        [`cursor=${cursorOf(["not a time", "x"])}`, "cursor"],
        [`cursor=${cursorOf(["2026-13-45T00:00:00Z", "x"])}`, "cursor"],
        [`cursor=${cursorOf(["2026-01-01T00:00:00Z"])}`, "cursor"],
        [`cursor=${cursorOf({})}`, "cursor"],
      ] as const) {
        expect(await api.get(`/v1/api-keys?${query}`)).toBeProblem("INVALID_INPUT", {
          paths: [path],
        });
      }
    });

    it("begins with the bootstrap administrator", async () => {
      const pages = await readPages<ApiKey>(api, "/v1/api-keys?limit=500");
      expect(pages.flat().at(-1)).toMatchObject({
        id: "bootstrap-admin",
        state: "active",
        grants: [{ role: "admin", effect: "allow" }],
        createdBy: "system",
      });
    });
  });

  describe("revoking an API key", () => {
    it("ends it at once, and tells who did it and when", async () => {
      const { createdAt, id, key } = await makeKey(api, viewer);
      expect(await whoami(key)).toHaveStatus(200);
      const revoked = await revoke(id);
      expect(revoked).toHaveStatus(204);
      expect(revoked.text).toBe("");
      expect(await whoami(key)).toBeProblem("UNAUTHENTICATED");
      const { body } = await get(id);
      expect(body).toMatchObject({
        state: "revoked",
        revokedAt: time,
        revokedBy: "bootstrap-admin",
      });
      expect(body.revokedAt! >= createdAt).toBe(true);
    });

    it("ends it at once however busy it is", async () => {
      for (let round = 0; round < 5; round += 1) {
        const [{ id, key }, { key: other }] = await Promise.all([
          makeKey(api, viewer),
          makeKey(api, viewer),
        ]);
        // Keys that nobody knows make the process look for new ones at the same moment.
        const asking = Array.from({ length: 8 }, () => [
          whoami(generateKey().text),
          whoami(other),
        ]).flat();
        expect(await revoke(id)).toHaveStatus(204);
        expect(await whoami(key)).toBeProblem("UNAUTHENTICATED");
        await Promise.all(asking);
      }
    });

    it("is 404 for a key that is revoked already, and for what is no key", async () => {
      const { id } = await makeKey(api, viewer);
      expect(await revoke(id)).toHaveStatus(204);
      for (const unknown of [id, id.toLowerCase(), "0000000000000000", "nobody", "x".repeat(64)]) {
        expect(await revoke(unknown)).toBeProblem("NOT_FOUND", { detail: unknown });
      }
      expect(await get("0000000000000000")).toBeProblem("NOT_FOUND", {
        detail: "0000000000000000",
      });
    });

    it.each(["x".repeat(65), "%00", "%20", "..%2f..", "%25", "größe", "a%27--"])(
      "is 400 for what no id looks like: %s",
      async (id) => {
        const path = `/v1/api-keys/${id}`;
        expect(await api.get(path)).toBeProblem("INVALID_INPUT", { paths: ["id"] });
        expect(await api.delete(path)).toBeProblem("INVALID_INPUT", { paths: ["id"] });
      },
    );

    it("may be done by the key itself, where it may revoke keys", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "admin", app }]);
      expect(await api.delete(`/v1/api-keys/${id}`, bearer(key))).toHaveStatus(204);
      expect(await whoami(key)).toBeProblem("UNAUTHENTICATED");
      expect((await get(id)).body).toMatchObject({ revokedBy: id });
    });

    it("leaves what it wrote", async () => {
      const app = unique("shop");
      const { id, key } = await makeKey(api, [{ role: "editor", app }]);
      const written = await api.put(`/v1/config/a?app=${app}`, { value: 1 }, bearer(key));
      expect(written).toHaveStatus(200);
      await revoke(id);
      const history = await api.get(`/v1/history?kind=config&app=${app}&key=a`);
      expect(history.text).toContain(id);
    });
  });
};
