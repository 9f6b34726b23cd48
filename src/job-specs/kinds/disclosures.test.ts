import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  assessment,
  attestation,
  component,
  graph,
  refusal,
} from "../../../test/helpers/definitions.ts";
import { ifConstruct } from "../../../test/helpers/if-construct.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { Json } from "../../platform/json.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterEach(() => database.drop());

describe("an attestation", () => {
  const base = [assessment("ass", [])];
  const template = { size: '${config["db.pool.size"]}' };

  it("names an app and an environment that exist, or come into being with it", async () => {
    await commit(ctx, ...base);
    const of = (more: object) => attestation("att", "ass", [], more);
    for (const more of [{ app: "shop" }, { environment: "prodution" }]) {
      const { code, errors } = await refusal(commit(ctx, of(more)));
      expect([code, errors[0]?.path]).toEqual([
        "UNPROCESSABLE",
        `operations.0.value.${Object.keys(more)[0]}`,
      ]);
    }
    await commit(ctx, of({ app: "shop", environment: "production" }), put("a", 1, { app: "shop" }));
  });

  it("makes known only what its author may read", async () => {
    await commit(ctx, ...base, put("db.pool.size", 20, { app: "shop" }));
    const grants = (keys: readonly string[]) =>
      permissionsOf([
        { role: "editor", effect: "allow", kinds: ["assessment", "attestation"] },
        { role: "viewer", effect: "allow", kinds: ["config"], app: "shop", keys },
      ]);
    const operation = attestation("att", "ass", [], { app: "shop", template });
    const refused = await refusal(commit({ ...ctx, permissions: grants(["web.*"]) }, operation));
    expect(refused.errors[0]).toMatchObject({ path: "operations.0.value.template" });
    expect(refused.message).toContain("db.pool.size");
    await commit({ ...ctx, permissions: grants(["db.*"]) }, operation);
    // Whoever may not read it may still change the rest.
    await commit(
      { ...ctx, permissions: grants(["web.*"]) },
      attestation("att", "ass", [], { app: "shop", template, intervalSeconds: 60 }),
    );
  });
});

describe("the author of an attestation", () => {
  const template = {
    password: ifConstruct("config.password", "there is one"),
    host: "${config.db.host}",
  };
  const author = (...more: readonly Grant[]): Ctx => ({
    ...ctx,
    permissions: permissionsOf([
      { role: "editor", effect: "allow", kinds: ["component", "assessment", "attestation"] },
      ...more,
    ]),
  });

  beforeEach(async () => {
    await commit(
      ctx,
      ...graph,
      put("db", { host: "h", password: "secret" }),
      put("password", "secret"),
      attestation("shown", "ass", ["web"], { template }),
    );
  });

  it.each<[string, Json]>([
    ["all of what was shown in part", { db: "${config.db}" }],
    ["the value of what was only asked for", { password: "${config.password}" }],
    ["the same in another place", { ...template, other: "${config.db.host}" }],
  ])("does not get to see %s", async (_what, changed) => {
    const operation = attestation("shown", "ass", ["web"], { template: changed });
    const refused = await refusal(
      commit(author({ role: "viewer", effect: "allow", kinds: ["control"] }), operation),
    );
    expect(refused.errors[0]).toMatchObject({ path: "operations.0.value.template" });
  });

  it("shows no controls of components that it may not read, whoever made those", async () => {
    const operation = attestation("new", "ass", ["web"], { template: "${controls}" });
    const { errors } = await refusal(commit(author(), operation));
    expect(errors).toEqual([
      {
        path: "operations.0.value.components.0",
        message: 'component "web" names what you may not read',
      },
    ]);
    const reader: Grant = { role: "viewer", effect: "allow", kinds: ["control"] };
    await commit(author({ ...reader, keys: ["ac-1", "ac-2"] }), operation);
    const some = author({ ...reader, keys: ["ac-1"] });
    await commit(some, component("db", ["ac-1"]), attestation("db", "ass", ["db"]));
    // What was there may be changed in what shows nothing.
    await commit(
      some,
      attestation("new", "ass", ["web"], { template: "${controls}", labels: { a: "b" } }),
    );
    const otherwise = attestation("new", "ass", ["web"]);
    expect(await refusal(commit(some, otherwise))).toMatchObject({ code: "UNPROCESSABLE" });
  });
});
