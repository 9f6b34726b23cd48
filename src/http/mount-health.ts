import type { Context, Hono } from "hono";
import type { Deps } from "../context.ts";
import type { AppEnv } from "./route.ts";

/**
 * `/livez`: the process answers. `/readyz`: it can be sent requests; a process without layers of its own
 * needs the database for that. Neither needs a key.
 */
export const mountHealth = (app: Hono<AppEnv>, depsOf: (c: Context<AppEnv>) => Deps): void => {
  app.get("/livez", () => healthResponse(200, { status: "ok" }));
  app.get("/readyz", (c) => {
    const deps = depsOf(c);
    return deps.layers === undefined ? askDatabase(deps) : tellReadiness(deps, deps.layers);
  });
};

const askDatabase = async ({ log, sql }: Deps): Promise<Response> => {
  try {
    await sql`select revision from fairlead.deployment`;
    return healthResponse(200, { status: "ok" });
  } catch (error) {
    log.warn("not ready", { error: String(error) });
    const status = "the database cannot be reached or is not migrated";
    return healthResponse(503, { status });
  }
};

/**
 * Reads go on while PostgreSQL is away, so a process is ready all the same: without it there would be
 * nobody left to be sent them. It says then that it is stale.
 */
const tellReadiness = (
  { access, settings, warmUp }: Deps,
  layers: NonNullable<Deps["layers"]>,
): Response => {
  const { revision } = layers.memory.point();
  const left = warmUp?.missing() ?? 0;
  const missing = [
    ...(revision < 0 ? ["the newest revision"] : []),
    ...(left === 0 ? [] : [`${left} of the layers that were used last`]),
    ...(access.ageMs() > settings.authStalenessMs ? ["keys and roles that are fresh enough"] : []),
  ];
  const ageMs = layers.ageMs();
  const known = revision < 0 ? {} : { revision, ageSeconds: Math.round(ageMs) / 1_000 };
  if (missing.length > 0) return healthResponse(503, { status: "not ready", ...known, missing });
  const status = ageMs > settings.maxStalenessMs ? "stale" : "ok";
  return healthResponse(200, { status, ...known });
};

const healthResponse = (status: number, body: object): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
