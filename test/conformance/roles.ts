import { describe, expect, it } from "vitest";
import { bearer, makeKey } from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

interface Role {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly string[];
  readonly builtIn: boolean;
}

const builtIn = ["viewer", "editor", "approver", "operator", "auditor", "runtime", "admin"];

export const roles: Area = (api) => {
  const list = async (): Promise<readonly Role[]> => {
    const reply = await api.get<{ items: readonly Role[] }>("/v1/roles");
    expect(reply).toHaveStatus(200);
    return reply.body.items;
  };
  const create = (name: string, actions: readonly string[], more: object = {}) =>
    api.post<Role>("/v1/roles", { name, actions, ...more });
  const update = (name: string, content: object) => api.put<Role>(`/v1/roles/${name}`, content);
  const remove = (name: string) => api.delete(`/v1/roles/${name}`);

  describe("roles", () => {
    it("are seven from the start, and say what they permit", async () => {
      const known = (await list()).filter((role) => role.builtIn);
      expect(known.map(({ name }) => name)).toEqual(builtIn);
      for (const { actions, description } of known) {
        expect(actions.length).toBeGreaterThan(0);
        expect(description).toMatch(/\.$/);
      }
      const admin = known.at(-1)!;
      expect(
        known.flatMap(({ actions }) => actions).filter((one) => !admin.actions.includes(one)),
      ).toEqual([]);
    });

    it("can be created, and are listed by name", async () => {
      const [one, other] = [unique("b"), unique("a")];
      const actions = ["entries.read", "audit.read"];
      const made = await create(one, actions, { description: "Reads." });
      expect(made).toHaveStatus(201);
      const role = { name: one, description: "Reads.", actions, builtIn: false };
      expect(made.body).toEqual(role);
      const plain = await create(other, ["job-specs.lease"]);
      expect(plain.body).toMatchObject({ description: "" });
      const custom = (await list()).filter((known) => !known.builtIn);
      expect(custom).toContainEqual(role);
      const names = custom.map(({ name }) => name);
      expect(names).toEqual(names.toSorted());
      expect(names).toContain(other);
    });

    it("are created once, also where they are asked for twice", async () => {
      const name = unique("r");
      const headers = { "idempotency-key": unique("key") };
      const ask = (actions: string[]) => api.post("/v1/roles", { name, actions }, headers);
      const made = await ask(["entries.read"]);
      expect(made).toHaveStatus(201);
      const again = await ask(["entries.read"]);
      expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: made.body });
      expect(await ask(["audit.read"])).toBeProblem("IDEMPOTENCY_KEY_REUSED");
      expect(await create(name, ["entries.read"])).toBeProblem("CONFLICT", { detail: name });
    });

    it("change for all who hold them at once", async () => {
      const app = unique("shop");
      const name = unique("r");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      await create(name, ["entries.read"], { description: "before" });
      const { key } = await makeKey(api, [{ role: name, app }]);
      const read = () => api.get(`/v1/config/a?app=${app}`, bearer(key));
      const write = () => api.put(`/v1/config/a?app=${app}`, { value: 2 }, bearer(key));
      expect([(await read()).status, (await write()).status]).toEqual([200, 403]);
      const changed = await update(name, { actions: ["entries.read", "entries.write"] });
      expect(changed).toHaveStatus(200);
      expect(changed.body).toEqual({
        name,
        description: "",
        actions: ["entries.read", "entries.write"],
        builtIn: false,
      });
      expect([(await read()).status, (await write()).status]).toEqual([200, 200]);
      await update(name, { actions: ["audit.read"] });
      expect([(await read()).status, (await write()).status]).toEqual([403, 403]);
      const whoami = await api.get("/v1/whoami", bearer(key));
      expect(whoami.body).toMatchObject({ actions: ["audit.read"] });
    });

    it("that deny take more away once they name more", async () => {
      const app = unique("shop");
      const name = unique("r");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      await create(name, ["audit.read"]);
      const { key } = await makeKey(api, [
        { role: "viewer", app },
        { role: name, effect: "deny" },
      ]);
      const read = () => api.get(`/v1/config/a?app=${app}`, bearer(key));
      expect(await read()).toHaveStatus(200);
      await update(name, { actions: ["audit.read", "entries.read"] });
      expect((await read()).status).toBeGreaterThan(400);
    });

    it("are deleted, unless an active key uses them", async () => {
      const name = unique("r");
      await create(name, ["entries.read"]);
      const allowed = await makeKey(api, [{ role: "viewer" }, { role: name, app: "shop" }]);
      const denied = await makeKey(api, [{ role: "viewer" }, { role: name, effect: "deny" }]);
      for (const { id } of [allowed, denied]) {
        expect(await remove(name)).toBeProblem("CONFLICT", { detail: name });
        await api.delete(`/v1/api-keys/${id}`);
      }
      expect(await remove(name)).toHaveStatus(204);
      expect((await list()).map((role) => role.name)).not.toContain(name);
      expect(await remove(name)).toBeProblem("NOT_FOUND", { detail: name });
      expect(await update(name, { actions: ["entries.read"] })).toBeProblem("NOT_FOUND");
      expect(await create(name, ["audit.read"])).toHaveStatus(201);
    });

    it.each(builtIn)("that are built in stay as they are: %s", async (name) => {
      const actions = ["entries.read"];
      expect(await create(name, actions)).toBeProblem("CONFLICT", { detail: name });
      expect(await update(name, { actions })).toBeProblem("CONFLICT", { detail: name });
      expect(await remove(name)).toBeProblem("CONFLICT", { detail: name });
    });

    it("that write entries must read them", async () => {
      const name = unique("r");
      const refused = await create(name, ["entries.write", "apps.write"]);
      expect(refused).toBeProblem("UNPROCESSABLE", { paths: ["actions"] });
      expect(await create(name, ["entries.read"])).toHaveStatus(201);
      expect(await update(name, { actions: ["entries.write"] })).toBeProblem("UNPROCESSABLE");
      expect((await list()).find((role) => role.name === name)?.actions).toEqual(["entries.read"]);
    });

    it("are changed only by who holds all that they give or took", async () => {
      const maker = unique("m");
      await create(maker, ["access.write", "access.read", "entries.read"]);
      const { key } = await makeKey(api, [{ role: maker }]);
      const headers = bearer(key);
      const [own, strong] = [unique("r"), unique("r")];
      await create(strong, ["entries.read", "entries.write"]);
      const post = (name: string, actions: string[]) =>
        api.post("/v1/roles", { name, actions }, headers);
      expect(await post(own, ["entries.read"])).toHaveStatus(201);
      expect(await post(unique("r"), ["entries.read", "audit.read"])).toBeProblem("FORBIDDEN", {
        detail: "audit.read",
      });
      const change = (name: string, actions: string[]) =>
        api.put(`/v1/roles/${name}`, { actions }, headers);
      expect(await change(own, ["entries.read", "entries.write"])).toBeProblem("FORBIDDEN");
      expect(await change(maker, ["access.write", "apps.write"])).toBeProblem("FORBIDDEN");
      // Whoever is denied this role would gain what it no longer names.
      expect(await change(strong, ["entries.read"])).toBeProblem("FORBIDDEN");
      expect(await api.delete(`/v1/roles/${strong}`, headers)).toBeProblem("FORBIDDEN");
      expect(await api.delete(`/v1/roles/${own}`, headers)).toHaveStatus(204);
    });

    it.each(["", "A", "1a", "a b", "-a", "a.b", "a/b", "ä", "a".repeat(65), "__proto__"])(
      "have names of lower-case letters, digits and hyphens: not %s",
      async (name) => {
        const actions = ["entries.read"];
        expect(await create(name, actions)).toBeProblem("INVALID_INPUT", { paths: ["name"] });
        if (name === "") return;
        const path = encodeURIComponent(name);
        expect(await update(path, { actions })).toBeProblem("INVALID_INPUT", { paths: ["name"] });
        expect(await remove(path)).toBeProblem("INVALID_INPUT", { paths: ["name"] });
      },
    );

    it("may be called what an object inherits", async () => {
      for (const name of ["constructor", "valueof"]) {
        expect(await create(name, ["entries.read"])).toHaveStatus(201);
        const { key } = await makeKey(api, [{ role: name }]);
        expect(await api.get("/v1/environments", bearer(key))).toHaveStatus(200);
      }
    });

    it.each([
      ["no actions", { actions: [] }, "actions"],
      ["an unknown action", { actions: ["entries.read", "entries.drop"] }, "actions.1"],
      ["an action twice", { actions: ["entries.read", "entries.read"] }, "actions"],
      ["every action as a star", { actions: ["*"] }, "actions.0"],
      ["null actions", { actions: null }, "actions"],
      ["actions that are text", { actions: "entries.read" }, "actions"],
      ["10,000 actions", { actions: Array(10_000).fill("entries.read") }, "actions"],
      ["an unknown member", { actions: ["entries.read"], builtIn: true }, "builtIn"],
      [
        "a long description",
        { actions: ["entries.read"], description: "x".repeat(1_001) },
        "description",
      ],
    ])("are refused with %s", async (_what, content, path) => {
      for (const reply of [
        await api.post("/v1/roles", { name: unique("r"), ...content }),
        await update(unique("r"), content),
      ]) {
        expect(reply.body).toMatchObject({ code: "INVALID_INPUT", errors: [{ path }] });
      }
    });
  });
};
