import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, propose, put, remove, unique } from "./vocabulary.ts";

export const guardRails: Area = (api) => {
  const createLayer = async (keyCount: number) => {
    const scope = { app: unique("shop"), environment: "production" };
    const keys = Array.from({ length: keyCount }, (_, index) => `key.${index}`);
    await commit(
      api,
      keys.map((key) => put({ ...scope, key, value: 1 })),
    );
    return { scope, keys };
  };

  const readKeys = async ({ app, environment }: { app: string; environment: string }) => {
    const path = `/v1/config?app=${app}&environment=${environment}`;
    const { body } = await api.get<{ values: Record<string, unknown> }>(path);
    return body.values;
  };

  describe("a large change", () => {
    it("that empties a layer needs allowLargeChange", async () => {
      const { keys, scope } = await createLayer(2);
      const deletes = keys.map((key) => remove({ ...scope, key }));
      const reply = await propose(api, deletes);
      expect(reply).toBeProblem("LARGE_CHANGE", {
        detail: "allowLargeChange",
        paths: ["operations"],
      });
      expect(await readKeys(scope)).toMatchObject({ "key.0": 1, "key.1": 1 });
      await commit(api, deletes, { allowLargeChange: true });
      expect(await readKeys(scope)).not.toHaveProperty(["key.0"]);
    });

    it("that deletes or changes more than half of 20 keys needs allowLargeChange", async () => {
      const { keys, scope } = await createLayer(20);
      const operations = keys
        .slice(0, 11)
        .map((key, index) =>
          index % 2 === 0 ? remove({ ...scope, key }) : put({ ...scope, key, value: 2 }),
        );
      expect(await propose(api, operations)).toBeProblem("LARGE_CHANGE", {
        detail: "11 of the 20",
      });
      expect(await propose(api, operations, { dryRun: true })).toBeProblem("LARGE_CHANGE");
      expect(await readKeys(scope)).toMatchObject({ "key.0": 1, "key.1": 1 });
      await commit(api, operations, { allowLargeChange: true });
      expect(await readKeys(scope)).toMatchObject({ "key.1": 2, "key.11": 1 });
    });

    it("is no half of 20 keys, no key that is new, and nothing in a small layer", async () => {
      const { keys, scope } = await createLayer(20);
      const half = keys.slice(0, 10).map((key) => put({ ...scope, key, value: 2 }));
      const added = keys.map((key) => put({ ...scope, key: `new.${key}`, value: 1 }));
      await commit(api, [...half, ...added]);
      const small = await createLayer(19);
      await commit(
        api,
        small.keys.map((key) => put({ ...small.scope, key, value: 2 })),
      );
      expect(await readKeys(small.scope)).toMatchObject({ "key.0": 2, "key.18": 2 });
    });

    it("is guarded on every way in", async () => {
      const { scope } = await createLayer(2);
      const { app, environment } = scope;
      const replace = `/config/${app}?environment=${environment}&replace=true`;
      expect(await api.post(replace, {})).toBeProblem("LARGE_CHANGE");
      const { body } = await api.get<{ id: string }[]>(`/api/v1/configs?app_id=${app}`);
      const [first, second] = body.map(({ id }) => `/api/v1/configs/${id}`);
      expect(await api.delete(first!)).toHaveStatus(204);
      expect(await api.delete(second!)).toBeProblem("LARGE_CHANGE");
      const rollback = { toRevision: 0, ...scope, message: "to the beginning" };
      expect(await api.post("/v1/rollback", rollback)).toBeProblem("LARGE_CHANGE");
      expect(await api.delete(`${second}?allowLargeChange=true`)).toHaveStatus(204);
    });
  });
};
