import { describe, expect, it } from "vitest";
import type { Api } from "../helpers/http-api.ts";
import { createWorld, limitedGrants, putWhatIsHidden, type World } from "./hidden-world.ts";
import { createKey } from "./limited-keys.ts";
import type { Area } from "./suite.ts";
import {
  type CommitResult,
  commit,
  type Page,
  propose,
  put,
  remove,
  unique,
} from "./vocabulary.ts";

interface RawEntry {
  readonly id: string;
  readonly key: string;
  readonly environment: string | null;
  readonly value: unknown;
  readonly version: number;
}

const idAt = async (api: Api, { app }: World, environment: string): Promise<string> => {
  const path = `/v1/entries?app=${app}&environment=${environment}&prefix=open.a`;
  const { body } = await api.get<Page<RawEntry>>(path);
  return body.items[0]!.id;
};

export const hiddenWrites: Area = (api) => {
  const entriesOf = async (app: string): Promise<readonly RawEntry[]> => {
    const { body } = await api.get<RawEntry[]>(`/api/v1/configs?app_id=${app}&limit=500`);
    return body;
  };
  const isVisible = ({ environment, key }: RawEntry): boolean =>
    environment === "staging" && key.startsWith("open.");
  const seenOf = async (app: string): Promise<Record<string, unknown>> => {
    const seen = (await entriesOf(app)).filter(isVisible);
    return Object.fromEntries(seen.map(({ key, value }) => [key, value]));
  };
  const hiddenOf = async ({ app, otherApp }: World): Promise<readonly RawEntry[]> => [
    ...(await entriesOf(app)).filter((entry) => !isVisible(entry)),
    ...(await entriesOf(otherApp)),
  ];

  /** A world with much that is hidden, and a key that sees a little. */
  const prepare = async () => {
    const world = await createWorld(api);
    await putWhatIsHidden(api, world);
    const limited = await createKey(api, limitedGrants(world.app));
    const hidden = await hiddenOf(world);
    expect(hidden.length).toBeGreaterThan(20);
    return { world, limited, hidden, scope: { app: world.app, environment: "staging" } };
  };

  describe("a write of a key that sees a part", () => {
    it("with replace=true leaves alone what it does not see", async () => {
      const { hidden, limited, world } = await prepare();
      const path = `/config/${world.app}?environment=staging&replace=true`;
      expect(await limited.api.post(path, { "open.a": 9 })).toHaveStatus(201);
      expect(await seenOf(world.app)).toEqual({ "open.a": 9 });
      expect(await hiddenOf(world)).toEqual(hidden);
    });

    it("that rolls back an entry, a scope or everything leaves alone what it does not see", async () => {
      const { hidden, limited, scope, world } = await prepare();
      const visible = { "open.a": 1, "open.b": [1] };
      for (const more of [
        { toRevision: world.first },
        { toRevision: world.first, ...scope },
        { kind: "config", ...scope, key: "open.a", toVersion: 1 },
      ]) {
        await commit(api, [put({ ...scope, key: "open.a", value: unique("value") })]);
        for (const dryRun of [true, false]) {
          const reply = await limited.api.post<CommitResult>("/v1/rollback", { ...more, dryRun });
          expect(reply).toHaveStatus(dryRun ? 200 : 201);
          expect(reply.body).toMatchObject({
            changes: [{ key: "open.a", after: 1 }],
            effective: [{ ...scope, key: "open.a", after: 1 }],
            effectiveTotal: 1,
          });
        }
        expect(await seenOf(world.app)).toEqual(visible);
        expect(await hiddenOf(world)).toEqual(hidden);
      }
    });

    it("by id changes what it sees, and finds nothing else", async () => {
      const { hidden, limited, world } = await prepare();
      const [seen, unseen] = [world.visibleId, world.hiddenId].map((id) => `/api/v1/configs/${id}`);
      expect(await limited.api.put(seen!, { value: 5 })).toHaveStatus(200);
      expect(await limited.api.put(unseen!, { value: 5 })).toBeProblem("NOT_FOUND");
      expect(await limited.api.delete(unseen!)).toBeProblem("NOT_FOUND");
      expect(await seenOf(world.app)).toMatchObject({ "open.a": 5 });
      expect(await limited.api.delete(seen!)).toHaveStatus(204);
      expect(await seenOf(world.app)).toEqual({ "open.b": [1] });
      expect(await hiddenOf(world)).toEqual(hidden);
    });

    it("is whole or not at all where it names something hidden", async () => {
      const { hidden, limited, scope, world } = await prepare();
      const before = await seenOf(world.app);
      const open = put({ ...scope, key: "open.a", value: 9 });
      for (const [path, other] of [
        ["key", put({ ...scope, key: "hidden.old", value: 9 })],
        ["key", remove({ ...scope, key: "hidden.old" })],
        ["environment", put({ ...scope, environment: "production", key: "open.a", value: 9 })],
        ["key", put({ ...scope, app: world.otherApp, key: "open.a", value: 9 })],
        ["key", put({ key: "open.a", value: 9 })],
      ] as const) {
        const reply = await propose(limited.api, [open, other]);
        expect(reply).toBeProblem("NOT_FOUND", { paths: [`operations.1.${path}`] });
      }
      expect(await seenOf(world.app)).toEqual(before);
      expect(await hiddenOf(world)).toEqual(hidden);
    });
  });

  describe("what may be read but not changed", () => {
    it("is 403, by every way in", async () => {
      const world = await createWorld(api);
      const limited = (await createKey(api, limitedGrants(world.app))).api;
      const scope = { app: world.app, environment: "development" };
      const query = `app=${scope.app}&environment=${scope.environment}`;
      const id = `/api/v1/configs/${await idAt(api, world, "development")}`;
      await commit(api, [put({ ...scope, key: "open.a", value: "newer" })]);
      const entry = { kind: "config", ...scope, key: "open.a" };
      const config = {
        service: scope.app,
        environment: scope.environment,
        config: { "open.a": 1 },
      };
      const replies = [
        await propose(limited, [put({ ...scope, key: "open.a", value: 1 })]),
        await propose(limited, [put({ ...scope, key: "open.new", value: 1 })], { dryRun: true }),
        await propose(limited, [remove({ ...scope, key: "open.a" })]),
        await limited.put(`/v1/config/open.a?${query}`, { value: 1 }),
        await limited.post(`/config/${scope.app}?environment=development`, { "open.a": 1 }),
        await limited.post(`/config/${scope.app}?environment=development&replace=true`, {}),
        await limited.post(`/config/${scope.app}/rollback`, {
          environment: scope.environment,
          version: world.first,
        }),
        await limited.post("/v1/rollback", { ...scope, toRevision: world.first }),
        await limited.post("/v1/rollback", { ...entry, toVersion: 1 }),
        await limited.post("/api/v1/configs", {
          app_id: scope.app,
          environment: scope.environment,
          key: "open.new",
          value: 1,
        }),
        await limited.put(id, { value: 1 }),
        await limited.delete(id),
        await limited.post("/validate", config),
      ];
      for (const reply of replies) expect(reply).toBeProblem("FORBIDDEN");
      const { body } = await limited.get(`/v1/config?${query}`);
      expect(body).toMatchObject({ values: { "open.a": "newer" } });
    });
  });

  describe("the guard rail of a layer that is seen in part", () => {
    it("counts what is seen, as if there were nothing else", async () => {
      const scope = { app: unique("shop"), environment: "staging" };
      const keysOf = (prefix: string, count: number): string[] =>
        Array.from({ length: count }, (_, index) => `${prefix}.${index}`);
      const [open, hidden] = [keysOf("open", 20), keysOf("hidden", 50)];
      await commit(
        api,
        [...open, ...hidden].map((key) => put({ ...scope, key, value: 1 })),
      );
      const { api: limited } = await createKey(api, [
        { role: "editor", ...scope, keys: ["open.*"] },
      ]);
      const puts = open.map((key) => put({ ...scope, key, value: 2 }));
      const removes = open.map((key) => remove({ ...scope, key }));
      for (const dryRun of [true, false]) {
        expect(await propose(limited, puts.slice(0, 11), { dryRun })).toBeProblem("LARGE_CHANGE", {
          detail: "11 of the 20 keys",
        });
        expect(await propose(limited, removes, { dryRun })).toBeProblem("LARGE_CHANGE", {
          detail: "of its 20 keys",
        });
      }
      const replace = `/config/${scope.app}?environment=staging&replace=true`;
      expect(await limited.post(replace, {})).toBeProblem("LARGE_CHANGE");
      await commit(limited, puts.slice(0, 10));
      await commit(limited, removes, { allowLargeChange: true });
      expect((await entriesOf(scope.app)).map(({ key }) => key)).toEqual(hidden.toSorted());
    });
  });

  describe("a change that reaches what the key may not see", () => {
    const prepareReach = async () => {
      const app = unique("shop");
      const schema = { properties: { size: { type: "integer", description: "out of sight" } } };
      await commit(api, [
        put({ app, key: "pool", value: { size: 1 } }),
        put({ app, environment: "production", key: "pool", value: {}, merge: "deep", schema }),
      ]);
      const limited = await createKey(api, [
        { role: "editor", app },
        { role: "admin", effect: "deny", environment: "production" },
      ]);
      const { body } = await limited.api.get<Page<{ name: string }>>("/v1/environments?limit=500");
      return { app, limited, environments: body.items.map(({ name }) => name) };
    };

    it("previews and counts only what it may see of the effect", async () => {
      const { app, environments, limited } = await prepareReach();
      expect(environments).not.toContain("production");
      const operations = [put({ app, key: "pool", value: { size: 2 } })];
      for (const dryRun of [true, false]) {
        const { body } = await propose(limited.api, operations, { dryRun });
        const shown = body.effective.map(({ environment }) => environment ?? "");
        expect(shown).toEqual(["", ...environments].sort());
        expect(body.effectiveTotal).toBe(environments.length + 1);
      }
      const production = `/v1/config/pool?app=${app}&environment=production`;
      expect((await api.get(production)).body).toMatchObject({ value: { size: 2 } });
    });

    it("is refused where a rule breaks out of sight, without a word on where or which", async () => {
      const { app, limited } = await prepareReach();
      const reply = await propose(limited.api, [put({ app, key: "pool", value: { size: "two" } })]);
      expect(reply).toBeProblem("UNPROCESSABLE", {
        detail: "in a scope that you may not see",
        paths: ["operations.0"],
      });
      for (const word of ["production", "integer", "size"]) expect(reply.text).not.toContain(word);
    });
  });

  describe("an Idempotency-Key", () => {
    it("gives nobody the answer of another key", async () => {
      const { limited, scope } = await prepare();
      const header = { "idempotency-key": unique("same") };
      const open = put({ ...scope, key: "open.same", value: 1 });
      const hidden = put({ ...scope, key: "hidden.old", value: "the administrator's" });
      expect(await propose(api, [open], {}, header)).toHaveStatus(201);
      const own = await propose(limited.api, [open], {}, header);
      expect(own).toMatchObject({ status: 200, body: { changes: [] } });
      const other = { "idempotency-key": unique("same") };
      expect(await propose(api, [hidden], {}, other)).toHaveStatus(201);
      const reply = await propose(limited.api, [hidden], {}, other);
      expect(reply).toBeProblem("NOT_FOUND");
      expect(reply.text).not.toContain("administrator");
    });
  });
};
