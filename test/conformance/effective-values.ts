import { describe, expect, it } from "vitest";
import { limitOf } from "./settings.ts";
import type { Area } from "./suite.ts";
import { commit, propose, put, readPages, remove, unique } from "./vocabulary.ts";

export const effectiveValues: Area = (api) => {
  /** Every environment, and none. */
  const readEnvironments = async (): Promise<(string | null)[]> => {
    const { body } = await api.get<{ environments: string[] }>("/environments");
    return [null, ...body.environments];
  };

  describe("the effective values of a change", () => {
    it("are those of every environment for a change in an app's own layer", async () => {
      const app = unique("shop");
      const environments = await readEnvironments();
      const { effective, effectiveTotal } = await commit(api, [put({ app, key: "a", value: 1 })]);
      expect(effectiveTotal).toBe(environments.length);
      expect(effective).toHaveLength(environments.length);
      expect(effective).toEqual(
        expect.arrayContaining(
          environments.map((environment) => ({
            app,
            environment,
            key: "a",
            before: null,
            after: 1,
          })),
        ),
      );
    });

    it("leave out whoever has a stronger value", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "a", value: "all" }),
        put({ app, environment: "production", key: "a", value: "production" }),
      ]);
      const { effective } = await commit(api, [put({ app, key: "a", value: "changed" })]);
      const environments = effective.map(({ environment }) => environment);
      expect(environments).toContain("staging");
      expect(environments).not.toContain("production");
      expect(environments).toHaveLength((await readEnvironments()).length - 1);
    });

    it("are none where a stronger value covers the change everywhere that it counts", async () => {
      const app = unique("shop");
      const name = { app, environment: "production", key: "a" };
      await commit(api, [put({ ...name, value: 1 }), put({ ...name, key: "b", value: 1 })]);
      const same = await commit(api, [put({ ...name, value: 1, description: "the first" })]);
      expect(same).toMatchObject({ changes: [{ version: 2 }], effective: [], effectiveTotal: 0 });
    });

    it("show the weaker value that a delete uncovers", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "a", value: "weak" }),
        put({ app, environment: "production", key: "a", value: "strong" }),
        put({ app, environment: "production", key: "b", value: 1 }),
      ]);
      const { effective } = await commit(api, [
        remove({ app, environment: "production", key: "a" }),
      ]);
      expect(effective).toEqual([
        { app, environment: "production", key: "a", before: "strong", after: "weak" },
      ]);
    });

    it("are merged values where an entry merges", async () => {
      const app = unique("shop");
      await commit(api, [
        put({ app, key: "limits", value: { cpu: 1, memory: 2 } }),
        put({ app, environment: "production", key: "limits", value: { cpu: 8 }, merge: "deep" }),
      ]);
      const { effective } = await commit(api, [
        put({ app, key: "limits", value: { cpu: 1, memory: 3 } }),
      ]);
      expect(effective).toContainEqual({
        app,
        environment: "production",
        key: "limits",
        before: { cpu: 8, memory: 2 },
        after: { cpu: 8, memory: 3 },
      });
    });

    it("reach every app for a change in the global layer", async () => {
      const [app, key] = [unique("shop"), unique("global")];
      await commit(api, [put({ app, key: "own", value: 1 })]);
      const { effectiveTotal } = await commit(api, [put({ key, value: 1 })]);
      const apps = (await readPages(api, "/v1/apps?limit=500")).flat();
      const environments = await readEnvironments();
      expect(effectiveTotal).toBe((apps.length + 1) * environments.length);
      const { body } = await api.get(`/v1/config/${key}?app=${app}&environment=staging`);
      expect(body).toMatchObject({ value: 1, scope: { app: null, environment: null } });
    });

    it("are listed up to a cap, and counted past it", async () => {
      const scope = { app: unique("shop"), environment: "production" };
      const count = limitOf("MAX_EFFECTIVE_CHANGES") + 20;
      const operations = Array.from({ length: count }, (_, index) =>
        put({ ...scope, key: `key.${index}`, value: index }),
      );
      const { body } = await propose(api, operations, { dryRun: true });
      expect(body.effective).toHaveLength(limitOf("MAX_EFFECTIVE_CHANGES"));
      expect(body.effectiveTotal).toBe(count);
      expect(body.changes).toHaveLength(count);
    });
  });
};
