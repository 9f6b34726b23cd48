import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";

const path = "/v1/environments";

export const authentication: Area = (api, server) => {
  const get = (headers: Record<string, string>) => api.send({ method: "GET", path, headers });

  describe("authentication", () => {
    it("takes the administrator's key as a bearer token or as X-API-Key", async () => {
      const { adminKey } = server();
      for (const headers of [
        { authorization: `Bearer ${adminKey}` },
        { authorization: `bearer ${adminKey}` },
        { "x-api-key": adminKey },
      ]) {
        expect(await get(headers)).toHaveStatus(200);
      }
    });

    it("refuses a request without a key, and says how to send one", async () => {
      const reply = await get({});
      expect(reply).toBeProblem("UNAUTHENTICATED", { detail: "Authorization" });
      expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer /);
    });

    it("refuses every other key and every other scheme", async () => {
      const { adminKey } = server();
      for (const headers of [
        { authorization: "Bearer another-key-of-the-administrator" },
        { authorization: `Bearer ${adminKey.slice(0, -1)}` },
        { authorization: `Bearer ${adminKey}x` },
        { authorization: `Bearer ${adminKey.toUpperCase()}` },
        { authorization: `Basic ${btoa(`admin:${adminKey}`)}` },
        { authorization: adminKey },
        { authorization: "Bearer" },
        { "x-api-key": `${adminKey} x` },
        // A wrong credential is not made good by another one.
        { authorization: "Bearer wrong", "x-api-key": adminKey },
      ]) {
        const reply = await get(headers);
        expect(reply).toBeProblem("UNAUTHENTICATED");
        expect(reply.headers.get("www-authenticate")).toMatch(/^Bearer /);
        expect(reply.text).not.toContain(adminKey);
      }
    });
  });
};
