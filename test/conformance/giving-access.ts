import { beforeAll, describe, expect, it } from "vitest";
import type { Reply } from "../helpers/http-api.ts";
import {
  type ApiKey,
  askForKey,
  bearer,
  type CreatedApiKey,
  type Grant,
  makeKey,
} from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, type Page, put, unique } from "./vocabulary.ts";

export const givingAccess: Area = (api) => {
  /** Asks for a key with these grants as somebody who holds others. */
  const ask = async (held: readonly Grant[], given: readonly Grant[]): Promise<Reply> => {
    const { key } = await makeKey(api, held);
    return askForKey(api, given, {}, bearer(key));
  };

  describe("who may not change access", () => {
    it.each(["viewer", "editor", "approver", "operator", "auditor", "runtime"])(
      "cannot make or revoke a key, nor make a role: %s",
      async (role) => {
        const { id, key } = await makeKey(api, [{ role }]);
        const headers = bearer(key);
        const refused = [
          await askForKey(api, [{ role: "viewer" }], {}, headers),
          await askForKey(api, [{ role }], {}, headers),
          await api.delete(`/v1/api-keys/${id}`, headers),
          await api.delete("/v1/api-keys/bootstrap-admin", headers),
          await api.post("/v1/roles", { name: unique("r"), actions: ["entries.read"] }, headers),
          await api.put("/v1/roles/any", { actions: ["entries.read"] }, headers),
          await api.delete("/v1/roles/any", headers),
        ];
        for (const reply of refused)
          expect(reply).toBeProblem("FORBIDDEN", { detail: "access.write" });
        const seesKeys = role === "auditor";
        for (const path of ["/v1/api-keys", `/v1/api-keys/${id}`, "/v1/roles"]) {
          expect(await api.get(path, headers)).toHaveStatus(seesKeys ? 200 : 403);
        }
      },
    );
  });

  describe("an administrator of one app", () => {
    const app = unique("payments");
    const other = unique("shop");
    let admin: CreatedApiKey;
    let beyond: readonly CreatedApiKey[];

    beforeAll(async () => {
      admin = await makeKey(api, [{ role: "admin", app }]);
      beyond = [
        await makeKey(api, [{ role: "viewer" }]),
        await makeKey(api, [{ role: "viewer", app: "*" }]),
        await makeKey(api, [{ role: "viewer", app: `${app}*` }]),
        await makeKey(api, [{ role: "viewer", app: other }]),
        await makeKey(api, [
          { role: "viewer", app },
          { role: "viewer", app: other },
        ]),
      ];
    });

    const asAdmin = () => bearer(admin.key);

    it.each([
      ["the same", [{ role: "admin" }]],
      ["another role", [{ role: "editor" }, { role: "auditor" }]],
      [
        "less of it",
        [{ role: "viewer", environment: "production", kinds: ["config"], keys: ["db.*"] }],
      ],
      [
        "a deny, too",
        [{ role: "editor" }, { role: "editor", effect: "deny", keys: ["license.*"] }],
      ],
    ] as [string, Grant[]][])("gives %s, within the app", async (_what, grants) => {
      const given = grants.map((grant) => ({ ...grant, app }));
      const made = await makeKey(api, given, {}, asAdmin());
      expect(made.createdBy).toBe(admin.id);
      expect((await api.get(`/v1/api-keys/${made.id}`, asAdmin())).body).toMatchObject({
        id: made.id,
      });
      expect(await api.delete(`/v1/api-keys/${made.id}`, asAdmin())).toHaveStatus(204);
      expect(await api.get("/v1/whoami", bearer(made.key))).toHaveStatus(401);
    });

    it.each([
      ["no app", {}],
      ["every app", { app: "*" }],
      ["apps that begin like it", { app: `${app}*` }],
      ["apps that end like it", { app: `*${app}` }],
      ["another app", { app: other }],
      ["its name in upper case", { app: app.toUpperCase() }],
      ["another app, though in one environment", { app: other, environment: "production" }],
      ["no app, though a few keys", { keys: ["a"] }],
    ])("cannot give anything that names %s", async (_what, reach) => {
      for (const role of ["viewer", "runtime", "admin"]) {
        const grants = [
          { role: "viewer", app },
          { role, ...reach },
        ];
        const reply = await askForKey(api, grants, {}, asAdmin());
        expect(reply).toBeProblem("FORBIDDEN", { detail: "whoami", paths: ["grants.1"] });
      }
    });

    it("made no key where it was refused", async () => {
      const seen = async () => {
        const { body } = await api.get<Page<ApiKey>>("/v1/api-keys?state=all", asAdmin());
        return body.items.map(({ id }) => id);
      };
      const before = await seen();
      await askForKey(api, [{ role: "viewer", app }, { role: "viewer" }], {}, asAdmin());
      expect(await seen()).toEqual(before);
    });

    it("sees no key beyond the app: to it they do not exist", async () => {
      const hidden = [...beyond.map(({ id }) => id), "bootstrap-admin"];
      const list = await api.get<Page<ApiKey>>("/v1/api-keys?state=all&limit=500", asAdmin());
      expect(list.body.items.map(({ id }) => id)).toContain(admin.id);
      for (const id of hidden) {
        expect(list.body.items.map((item) => item.id)).not.toContain(id);
        for (const method of ["GET", "DELETE"]) {
          const send = (key: string) =>
            api.send({ method, path: `/v1/api-keys/${key}`, headers: asAdmin() });
          const [reply, unknown] = [await send(id), await send("0000000000000000")];
          expect(reply).toBeProblem("NOT_FOUND");
          const plain = ({ body, text }: Reply, name: string): string =>
            text.replace((body as { requestId: string }).requestId, "").replaceAll(name, "");
          expect(plain(reply, id)).toBe(plain(unknown, "0000000000000000"));
        }
      }
      for (const { key } of beyond)
        expect(await api.get("/v1/whoami", bearer(key))).toHaveStatus(200);
    });

    it("still does not see one whose role is gone", async () => {
      const role = unique("gone");
      await api.post("/v1/roles", { name: role, actions: ["entries.read"] });
      const { id } = await makeKey(api, [{ role }]);
      expect(await api.delete(`/v1/api-keys/${id}`)).toHaveStatus(204);
      expect(await api.delete(`/v1/roles/${role}`)).toHaveStatus(204);
      expect(await api.get(`/v1/api-keys/${id}`, asAdmin())).toBeProblem("NOT_FOUND");
      const list = await api.get("/v1/api-keys?state=all&limit=500", asAdmin());
      expect(list.text).not.toContain(id);
    });

    it("can neither make, change nor delete a role", async () => {
      const name = unique("role");
      const content = { actions: ["entries.read"] };
      const make = await api.post("/v1/roles", { name, ...content }, asAdmin());
      expect(make).toBeProblem("FORBIDDEN");
      expect(await api.post("/v1/roles", { name, ...content })).toHaveStatus(201);
      expect(await api.put(`/v1/roles/${name}`, content, asAdmin())).toBeProblem("FORBIDDEN");
      expect(await api.delete(`/v1/roles/${name}`, asAdmin())).toBeProblem("FORBIDDEN");
    });

    it("cannot reach beyond the app by a second key of its own making", async () => {
      const second = await makeKey(api, [{ role: "admin", app }], {}, asAdmin());
      const third = await askForKey(api, [{ role: "admin" }], {}, bearer(second.key));
      expect(third).toBeProblem("FORBIDDEN", { paths: ["grants.0"] });
    });
  });

  describe("nobody gives more than they hold", () => {
    it("not an action that their own role lacks", async () => {
      const name = unique("steward");
      const actions = ["access.write", "access.read", "entries.read", "entries.write"];
      expect(await api.post("/v1/roles", { name, actions: actions.slice(0, 3) })).toHaveStatus(201);
      const { key } = await makeKey(api, [{ role: name }]);
      for (const role of ["viewer", name]) {
        expect(await askForKey(api, [{ role }], {}, bearer(key))).toHaveStatus(201);
      }
      for (const role of ["editor", "auditor", "runtime", "admin"]) {
        const reply = await askForKey(api, [{ role: "viewer" }, { role }], {}, bearer(key));
        expect(reply).toBeProblem("FORBIDDEN", { paths: ["grants.1"] });
      }
      // The same role, once it means more.
      expect(await api.put(`/v1/roles/${name}`, { actions })).toHaveStatus(200);
      const writer = await askForKey(api, [{ role: name }], {}, bearer(key));
      expect(writer).toHaveStatus(201);
      expect(await askForKey(api, [{ role: "editor" }], {}, bearer(key))).toBeProblem("FORBIDDEN");
    });

    it("not the parts of what they hold together as one whole", async () => {
      const held: Grant[] = [
        { role: "admin", environment: "production" },
        { role: "admin", environment: "staging" },
      ];
      expect(await ask(held, [{ role: "viewer", environment: "*" }])).toBeProblem("FORBIDDEN");
      expect(await ask(held, [{ role: "viewer" }])).toBeProblem("FORBIDDEN");
      const parts = held.map(({ environment }) => ({ role: "viewer", environment: environment! }));
      expect(await ask(held, parts)).toHaveStatus(201);
    });

    it.each([
      ["the keys", { keys: ["db.*"] }, [{ keys: ["*"] }, { keys: ["d*"] }, { keys: ["*.*"] }, {}]],
      ["the kinds", { kinds: ["config"] }, [{}]],
      ["the environment", { environment: "production" }, [{ environment: "prod*" }, {}]],
    ] as [string, object, object[]][])("not beyond %s", async (_what, reach, beyond) => {
      const held = [{ role: "admin", ...reach }];
      expect(await ask(held, [{ role: "viewer", ...reach }])).toHaveStatus(201);
      for (const wider of beyond) {
        expect(await ask(held, [{ role: "viewer", ...wider }])).toBeProblem("FORBIDDEN");
      }
    });

    describe("and nobody sheds a deny that they carry", () => {
      const app = unique("vault");
      const deny: Grant = { role: "admin", effect: "deny", app, keys: ["secret.*"] };
      const held: Grant[] = [{ role: "admin", app }, deny];

      it.each([
        ["without it", []],
        ["with one of fewer actions", [{ ...deny, role: "editor" }]],
        ["with one of another app", [{ ...deny, app: unique("other") }]],
        ["with one of fewer keys", [{ ...deny, keys: ["secret.a*"] }]],
        ["with one of fewer kinds", [{ ...deny, kinds: ["config"] }]],
        ["with one of fewer environments", [{ ...deny, environment: "*" }]],
        ["with it as an allow", [{ ...deny, effect: "allow" }]],
      ] as [string, Grant[]][])("by giving what it is taken from %s", async (_what, denies) => {
        const reply = await ask(held, [{ role: "admin", app }, ...denies]);
        expect(reply).toBeProblem("FORBIDDEN");
      });

      it("so it goes along, and holds", async () => {
        await commit(api, [
          put({ app, key: "secret.a", value: "hidden" }),
          put({ app, key: "plain", value: "shown" }),
        ]);
        const { key: maker } = await makeKey(api, held);
        const made = await makeKey(api, held, {}, bearer(maker));
        const wider = [
          { role: "viewer", app },
          { ...deny, keys: ["s*"] },
        ];
        expect(await askForKey(api, wider, {}, bearer(maker))).toHaveStatus(201);
        for (const key of [maker, made.key]) {
          const read = await api.get<{ values: object }>(`/v1/config?app=${app}`, bearer(key));
          expect(read.body.values).toEqual({ plain: "shown" });
          const secret = await api.get(`/v1/config/secret.a?app=${app}`, bearer(key));
          expect(secret).toBeProblem("NOT_FOUND");
        }
      });

      it("but need not go along where it takes nothing away", async () => {
        const harmless = [{ role: "viewer", app, keys: ["plain"] }];
        expect(await ask(held, harmless)).toHaveStatus(201);
      });

      it("and what it hides of access stays hidden", async () => {
        const all: Grant[] = [{ role: "admin" }, { ...deny, app }];
        expect(await ask(all, [{ role: "admin" }])).toBeProblem("FORBIDDEN");
        expect(await ask(all, all)).toHaveStatus(201);
      });
    });
  });
};
