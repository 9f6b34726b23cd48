import type { Context, Hono } from "hono";
import type { Deps } from "../context.ts";
import type { AppEnv } from "./route.ts";

/** `/livez`: the process answers. `/readyz`: it can reach a migrated database. Neither needs a key. */
export const mountHealth = (app: Hono<AppEnv>, depsOf: (c: Context<AppEnv>) => Deps): void => {
  app.get("/livez", () => healthResponse(200, "ok"));
  app.get("/readyz", async (c) => {
    const { log, sql } = depsOf(c);
    try {
      await sql`select revision from fairlead.deployment`;
      return healthResponse(200, "ok");
    } catch (error) {
      log.warn("not ready", { error: String(error) });
      return healthResponse(503, "the database cannot be reached or is not migrated");
    }
  });
};

const healthResponse = (status: number, text: string): Response =>
  new Response(JSON.stringify({ status: text }), {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
