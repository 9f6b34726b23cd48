import { describe, expect, it } from "vitest";
import { makeKey } from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { unique } from "./vocabulary.ts";

const missing = "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11";

const result = { jobSpecId: missing, version: 1, fence: 1, status: "passed" };

/** Names that no runtime may have, as a path holds them. */
const oddNames = ["-a", ".a", "a%2Fb", "a%20b", "%00", "x".repeat(65), "%C3%84", "%7B%7D"];

export const leases: Area = (api) => {
  describe("a runtime", () => {
    it.each([
      { limit: 0 },
      { limit: -1 },
      { limit: 1_000_000 },
      { limit: 501 },
      { limit: 1.5 },
      { limit: "5" },
      { limit: null },
      { leaseSeconds: 4 },
      { leaseSeconds: 3_601 },
      { leaseSeconds: -60 },
      { labels: { os: 1 } },
      { labels: { "": "x" } },
      { labels: ["os"] },
      { limits: 5 },
    ])("cannot claim with %j", async (body) => {
      const reply = await api.post(`/v1/runtimes/${unique("runtime")}/claims`, body);
      expect(reply).toBeProblem("INVALID_INPUT");
    });

    it.each([
      { jobSpecId: "some-name" },
      { jobSpecId: missing.toUpperCase() },
      { version: 0 },
      { version: "1" },
      { version: 1e300 },
      { fence: 0 },
      { fence: -1 },
      { fence: null },
      { status: "done" },
      { status: "PASSED" },
      { evidences: {} },
    ])("cannot report a result with %j", async (more) => {
      const reply = await api.post("/v1/runtimes/some-name/results", { ...result, ...more });
      expect(reply).toBeProblem("INVALID_INPUT");
    });

    it.each(oddNames)("cannot be called %s", async (name) => {
      for (const reply of [
        await api.post(`/v1/runtimes/${name}/claims`, {}),
        await api.get(`/v1/runtimes/${name}/job-specs`),
      ]) {
        expect([400, 404]).toContain(reply.status);
      }
    });

    it("that claims, beats, lists, reports and gives back what it does not hold gets nothing", async () => {
      const path = `/v1/runtimes/${unique("runtime")}`;
      const { key } = await makeKey(api, [{ role: "runtime", keys: [unique("no-attestation")] }]);
      const headers = { authorization: `Bearer ${key}` };
      const claim = await api.post(`${path}/claims`, { limit: 500 }, headers);
      expect(claim).toMatchObject({ status: 200, body: { jobSpecs: [] } });
      const beat = await api.post(`${path}/heartbeat`, {}, headers);
      expect(beat).toMatchObject({ status: 200, body: { jobSpecs: [] } });
      const list = await api.get<{ revision: number }>(`${path}/job-specs`, headers);
      expect(list).toMatchObject({ status: 200, body: { jobSpecs: [] } });
      const etag = list.headers.get("etag") ?? "";
      const again = await api.get(`${path}/job-specs`, { ...headers, "if-none-match": etag });
      expect(again).toMatchObject({ status: 304, text: "" });
      expect(await api.post(`${path}/results`, result, headers)).toBeProblem("NOT_FOUND");
      const claimed = { method: "DELETE", path: `${path}/claims/${missing}`, headers };
      expect(await api.send(claimed)).toBeProblem("NOT_FOUND");
      expect(await api.get(`${path}/job-specs/${missing}`, headers)).toBeProblem("NOT_FOUND");
      expect(await api.get(`${path}/job-specs/some-name`, headers)).toBeProblem("INVALID_INPUT");
    });

    it("keeps its name from other keys, until it is forgotten", async () => {
      const name = unique("runtime");
      const path = `/v1/runtimes/${name}`;
      const grants = [{ role: "runtime", keys: [unique("no-attestation")] }];
      const [mine, others] = [await makeKey(api, grants), await makeKey(api, grants)].map(
        ({ id, key }) => ({ id, headers: { authorization: `Bearer ${key}` } }),
      );
      expect(await api.post(`${path}/claims`, {}, mine!.headers)).toHaveStatus(200);
      for (const reply of [
        await api.post(`${path}/claims`, {}, others!.headers),
        await api.post(`${path}/heartbeat`, {}, others!.headers),
        await api.get(`${path}/job-specs`, others!.headers),
        await api.get(`${path}/job-specs/${missing}`, others!.headers),
        await api.send({ method: "DELETE", path, headers: others!.headers }),
      ]) {
        expect(reply).toBeProblem("FORBIDDEN");
      }
      const runtimes = "/v1/runtimes?limit=500";
      const { body } = await api.get<{ items: { id: string; keyId: string }[] }>(runtimes);
      expect(body.items).toContainEqual(expect.objectContaining({ id: name, keyId: mine!.id }));
      const forget = await api.send({ method: "DELETE", path, headers: mine!.headers });
      expect(forget).toHaveStatus(204);
      expect(await api.post(`${path}/claims`, {}, others!.headers)).toHaveStatus(200);
    });
  });

  describe("job specs and results", () => {
    it("are listed by what they are, and by nothing else", async () => {
      for (const query of ["", "?state=free", "?attestation=a.b", "?runtime=some-name&limit=1"]) {
        expect(await api.get(`/v1/job-specs${query}`)).toHaveStatus(200);
      }
      expect(await api.get("/v1/results?status=failed&runtime=some-name")).toHaveStatus(200);
      for (const path of [
        "/v1/job-specs?state=unknown",
        "/v1/job-specs?cursor=nonsense",
        "/v1/job-specs?attestation=..",
        "/v1/results?status=done",
        "/v1/results?cursor=Ii0xIg",
        "/v1/runtimes?cursor=MQ",
        "/v1/job-specs/some-name",
      ]) {
        expect(await api.get(path)).toBeProblem("INVALID_INPUT");
      }
    });

    it("are NOT_FOUND where they are not there", async () => {
      expect(await api.get(`/v1/job-specs/${missing}`)).toBeProblem("NOT_FOUND");
      expect(await api.get(`/v1/job-specs/${missing}/results`)).toBeProblem("NOT_FOUND");
    });
  });
};
