import { describe, expect, it } from "vitest";
import {
  type ApiKey,
  askForKey,
  bearer,
  type CreatedApiKey,
  eventually,
  makeKey,
  tracesOf,
  type Whoami,
} from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { readPages, unique } from "./vocabulary.ts";

const viewer = [{ role: "viewer" }];

export const newApiKeys: Area = (api) => {
  const whoami = (key: string) => api.get<Whoami>("/v1/whoami", bearer(key));
  const get = (id: string) => api.get<ApiKey>(`/v1/api-keys/${id}`);
  const revoke = (id: string) => api.delete(`/v1/api-keys/${id}`);

  describe("an API key's end", () => {
    it("must be ahead", async () => {
      for (const expiresAt of [
        new Date(Date.now() - 1).toISOString(),
        "2000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
      ]) {
        const reply = await askForKey(api, viewer, { expiresAt });
        expect(reply).toBeProblem("INVALID_INPUT", { paths: ["expiresAt"] });
      }
    });

    it.each([
      "tomorrow",
      "",
      0,
      true,
      "2999-01-01",
      "2999-01-01T00:00:00",
      "2999-13-01T00:00:00Z",
      "2999-01-01T00:00:00+23:00",
      "9999-12-31T23:59:59-14:00",
      "2999-01-01T00:00:00+14:01",
      `2999-01-01T00:00:00.${"1".repeat(100)}Z`,
    ])("must be a time: not %s", async (expiresAt) => {
      const reply = await askForKey(api, viewer, { expiresAt });
      expect(reply).toBeProblem("INVALID_INPUT", { paths: ["expiresAt"] });
    });

    it("is kept to the second wherever its clock stands", async () => {
      const { body } = await askForKey(api, viewer, { expiresAt: "2999-01-01T02:00:00.5+14:00" });
      expect(body.expiresAt).toBe("2998-12-31T12:00:00.5Z");
    });

    it("comes when it was said: the key works before it, and never after", async () => {
      const expiresAtMs = Date.now() + 2_000;
      const made = await makeKey(api, viewer, { expiresAt: new Date(expiresAtMs).toISOString() });
      expect(await whoami(made.key)).toHaveStatus(200);
      const refused = await eventually(
        async () => ({ askedAtMs: Date.now(), ...(await whoami(made.key)), atMs: Date.now() }),
        ({ askedAtMs, status }) => status !== 200 || askedAtMs >= expiresAtMs,
      );
      expect(refused).toBeProblem("UNAUTHENTICATED");
      expect(refused.atMs).toBeGreaterThanOrEqual(expiresAtMs);
      expect((await get(made.id)).body).toMatchObject({ state: "expired", revokedAt: null });
      expect(await revoke(made.id)).toHaveStatus(204);
      expect((await get(made.id)).body).toMatchObject({ state: "revoked" });
    });
  });

  describe("a request for an API key that is repeated", () => {
    it("makes no other, and says which it made, but not what the key is", async () => {
      const headers = { "idempotency-key": unique("key") };
      const body = { name: unique("key"), grants: viewer };
      const ask = () => api.post<CreatedApiKey>("/v1/api-keys", body, headers);
      const made = await ask();
      expect(made).toHaveStatus(201);
      const { id, key } = made.body;
      for (const again of [await ask(), ...(await Promise.all([ask(), ask()]))]) {
        expect(again).toBeProblem("CONFLICT", { detail: id });
        expect(again.text).not.toContain("fl_");
        expect(tracesOf(key).filter((trace) => again.text.includes(trace))).toEqual([]);
      }
      const pages = await readPages<ApiKey>(api, "/v1/api-keys?limit=500");
      expect(pages.flat().filter(({ name }) => name === body.name)).toHaveLength(1);
      expect(await whoami(key)).toHaveStatus(200);
    });

    it("makes one key where it is sent at the same time", async () => {
      const headers = { "idempotency-key": unique("key") };
      const body = { name: unique("key"), grants: viewer };
      const replies = await Promise.all(
        Array.from({ length: 8 }, () => api.post<CreatedApiKey>("/v1/api-keys", body, headers)),
      );
      const made = replies.filter(({ status }) => status === 201);
      expect(made).toHaveLength(1);
      for (const reply of replies.filter(({ status }) => status !== 201)) {
        expect(reply).toBeProblem("CONFLICT", { detail: made[0]!.body.id });
      }
    });

    it("is 422 with another body", async () => {
      const headers = { "idempotency-key": unique("key") };
      expect(await askForKey(api, viewer, { name: "one" }, headers)).toHaveStatus(201);
      const other = await askForKey(api, viewer, { name: "other" }, headers);
      expect(other).toBeProblem("IDEMPOTENCY_KEY_REUSED");
    });

    it("is another one where somebody else sends it", async () => {
      const headers = { "idempotency-key": unique("key") };
      const body = { name: unique("key"), grants: viewer };
      const { key } = await makeKey(api, [{ role: "admin" }]);
      const mine = await api.post<CreatedApiKey>("/v1/api-keys", body, headers);
      const theirs = await api.post<CreatedApiKey>("/v1/api-keys", body, {
        ...headers,
        ...bearer(key),
      });
      expect([mine.status, theirs.status]).toEqual([201, 201]);
      expect(theirs.body.id).not.toBe(mine.body.id);
    });
  });
};
