import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { Deps } from "../context.ts";
import { mountHealth } from "./mount-health.ts";
import type { AppEnv } from "./route.ts";

interface Known {
  readonly revision?: number;
  readonly ageMs?: number;
  readonly accessAgeMs?: number;
  readonly layersLeft?: number;
}

/** What a process says of itself that knows this much. */
const ask = async ({ accessAgeMs = 0, ageMs = 250, layersLeft = 0, revision = 42 }: Known) => {
  const deps = {
    layers: { memory: { point: () => ({ epoch: "e", revision }) }, ageMs: () => ageMs },
    access: { ageMs: () => accessAgeMs },
    warmUp: { missing: () => layersLeft },
    settings: { maxStalenessMs: 10_000, authStalenessMs: 300_000 },
  } as unknown as Deps;
  const app = new Hono<AppEnv>();
  mountHealth(app, () => deps);
  const response = await app.request("/readyz");
  return { status: response.status, body: await response.json() };
};

describe("/readyz of a process with layers in memory", () => {
  it("is 200 where nothing is missing, and tells the revision and its age", async () => {
    const body = { status: "ok", revision: 42, ageSeconds: 0.25 };
    expect(await ask({})).toEqual({ status: 200, body });
  });

  it("is 200 while PostgreSQL is away and reads go on, and says so", async () => {
    expect(await ask({ ageMs: 10_000 })).toMatchObject({ status: 200, body: { status: "ok" } });
    const body = { status: "stale", revision: 42, ageSeconds: 290 };
    expect(await ask({ ageMs: 290_000, accessAgeMs: 290_000 })).toEqual({ status: 200, body });
  });

  it("is 503 with what is missing", async () => {
    expect(await ask({ layersLeft: 7 })).toMatchObject({
      status: 503,
      body: { status: "not ready", missing: ["7 of the layers that were used last"] },
    });
    const keys = "keys and roles that are fresh enough";
    expect(await ask({ accessAgeMs: 300_001 })).toMatchObject({
      status: 503,
      body: { revision: 42, missing: [keys] },
    });
    const never = Number.POSITIVE_INFINITY;
    expect(await ask({ revision: -1, ageMs: never, accessAgeMs: never })).toEqual({
      status: 503,
      body: { status: "not ready", missing: ["the newest revision", keys] },
    });
  });
});
