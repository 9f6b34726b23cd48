import { OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { requirePolicies } from "./require-policies.ts";
import { type AppEnv, type Contract, defineRoute, mountRoute, type Route } from "./route.ts";

const planted: Contract = {
  method: "get",
  path: "/v1/planted/{id}",
  operationId: "readPlanted",
  policy: "entries.read",
  tag: "Reads",
  summary: "A route",
  responses: { 200: { description: "Something" } },
  errors: [],
};

const withPolicy = (policy: unknown): Route =>
  defineRoute({ ...planted, policy } as Contract, async () => ({ body: "shown to everybody" }));

const refuse = (): never => {
  throw new Error("there is no request");
};

const mount = (route: Route, app = new Hono<AppEnv>()): Hono<AppEnv> => {
  mountRoute(app, new OpenAPIRegistry(), { contextOf: refuse, depsOf: refuse }, route);
  return app;
};

describe("a route with a contract", () => {
  it("is mounted where it says who may use it", () => {
    for (const policy of ["entries.read", "any-key"]) {
      const app = mount(withPolicy(policy));
      expect(app.routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
        "GET /v1/planted/:id",
      ]);
    }
  });

  it.each([[undefined], [null], [""], ["anybody"], ["entries"], ["toString"], [true]])(
    "is refused by name with the policy %j",
    (policy) => {
      expect(() => mount(withPolicy(policy))).toThrow("readPlanted does not declare a policy");
    },
  );
});

describe("an app", () => {
  const route = withPolicy("entries.read");
  const open = new Set(["GET /livez"]);
  const answer = (): Response => new Response("shown to everybody");

  it("may have routes with contracts, those that are open to all, and middleware", () => {
    const app = mount(
      route,
      new Hono<AppEnv>().use(async (_c, next) => next()),
    );
    app.get("/livez", answer);
    expect(() => requirePolicies(app, [route], open)).not.toThrow();
  });

  it.each([
    ["GET /planted", (app: Hono<AppEnv>) => app.get("/planted", answer)],
    ["POST /livez", (app: Hono<AppEnv>) => app.post("/livez", answer)],
    ["GET /*", (app: Hono<AppEnv>) => app.get("*", answer)],
    ["ALL /planted", (app: Hono<AppEnv>) => app.all("/planted", answer)],
    ["PURGE /planted", (app: Hono<AppEnv>) => app.on("PURGE", "/planted", answer)],
    ["DELETE /v1/planted/:id", (app: Hono<AppEnv>) => app.delete("/v1/planted/:id", answer)],
    ["GET /v1/planted/:key", (app: Hono<AppEnv>) => app.get("/v1/planted/:key", answer)],
    [
      "GET /inner/planted",
      (app: Hono<AppEnv>) => app.route("/inner", new Hono<AppEnv>().get("/planted", answer)),
    ],
  ])("is refused with a door beside them: %s", (door, plant) => {
    const app = mount(route);
    plant(app);
    expect(() => requirePolicies(app, [route], open)).toThrow(`without a policy: ${door}`);
  });
});
