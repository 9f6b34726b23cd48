import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { currentRevision, unique } from "./vocabulary.ts";

interface ServiceConfig {
  readonly config: Record<string, unknown>;
}

interface HistoryItem {
  readonly version: number;
  readonly change_log: string;
}

const pathOf = (service: string): string => `/config/${service}?environment=production`;

export const seedServiceHistory: Area = (api) => {
  const read = async (service: string): Promise<Record<string, unknown>> => {
    const { body } = await api.get<ServiceConfig>(pathOf(service));
    return body.config;
  };

  const createHistory = async () => {
    const service = unique("shop");
    const versions: number[] = [];
    for (const size of [1, 2, 3]) {
      const path = `${pathOf(service)}&change_log=size%20${size}`;
      const { body } = await api.post<{ version: number }>(path, { size, [`key.${size}`]: true });
      versions.push(body.version);
    }
    return { service, versions };
  };

  describe("a service's history and rollback", () => {
    it("lists the revisions of its layer, newest first", async () => {
      const { service, versions } = await createHistory();
      await api.post(`/config/${service}?environment=staging`, { size: 9 });
      const path = `/config/${service}/history?environment=production`;
      const { body, headers } = await api.get<HistoryItem[]>(path);
      expect(body).toEqual(
        [3, 2, 1].map((size) => ({
          version: versions[size - 1],
          updated_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
          updated_by: "bootstrap-admin",
          change_log: `size ${size}`,
        })),
      );
      expect(headers.get("link")).toBeNull();
    });

    it("comes in pages, the next one in a Link", async () => {
      const { service, versions } = await createHistory();
      const path = `/config/${service}/history`;
      const first = await api.get<HistoryItem[]>(`${path}?environment=production&limit=2`);
      expect(first.body.map(({ version }) => version)).toEqual([versions[2], versions[1]]);
      const [, query] = /^<(\?[^>]+)>; rel="next"$/.exec(first.headers.get("link") ?? "") ?? [];
      const rest = await api.get<HistoryItem[]>(path + query);
      expect(rest.body.map(({ version }) => version)).toEqual([versions[0]]);
      expect(rest.headers.get("link")).toBeNull();
    });

    it("brings the layer back to a version", async () => {
      const { service, versions } = await createHistory();
      const path = `/config/${service}/rollback`;
      const reply = await api.post(path, { environment: "production", version: versions[0] });
      expect(reply).toHaveStatus(201);
      const version = await currentRevision(api);
      expect(reply.body).toEqual({ service, environment: "production", version });
      const config = await read(service);
      expect(config).toMatchObject({ size: 1, "key.1": true });
      expect(config).not.toHaveProperty(["key.2"]);
      const again = await api.post(path, { environment: "production", version: versions[0] });
      expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: reply.body });
    });

    it("names what there is not", async () => {
      const { service } = await createHistory();
      const version = (await currentRevision(api)) + 1_000;
      const path = `/config/${service}/rollback`;
      const beyond = await api.post(path, { environment: "production", version });
      expect(beyond).toBeProblem("NOT_FOUND", { detail: String(version) });
      const missing = await api.post(path, { environment: "prodution", version: 1 });
      expect(missing).toBeProblem("NOT_FOUND", { detail: "prodution" });
      const other = unique("misspelled");
      expect(await api.get(`/config/${other}/history`)).toBeProblem("NOT_FOUND", { detail: other });
      const unknown = await api.post(`/config/${other}/rollback`, { version: 0 });
      expect(unknown).toBeProblem("NOT_FOUND", { detail: other });
      const wrong = await api.post(path, { environment: "production", version: "1" });
      expect(wrong).toBeProblem("INVALID_INPUT", { paths: ["version"] });
    });
  });
};
