import type { Hono } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as Access from "./access/routes.ts";
import type { AppOptions } from "./app.ts";
import type * as Health from "./http/mount-health.ts";
import type { AppEnv } from "./http/route.ts";

// Nothing is asked for before the first request.
const options: AppOptions = {
  deps: () => {
    throw new Error("there is no request");
  },
};

/** The app, made of modules that are loaded anew. */
const createApp = async (): Promise<Hono<AppEnv>> => {
  const module = await import("./app.ts");
  return module.createApp(options);
};

afterEach(() => {
  vi.doUnmock("./access/routes.ts");
  vi.doUnmock("./http/mount-health.ts");
  vi.resetModules();
});

describe("createApp", () => {
  it("makes an app of the routes that there are", async () => {
    const app = await createApp();
    expect(app.routes.length).toBeGreaterThan(40);
  });

  it("refuses a planted route whose contract says nothing of who may use it", async () => {
    vi.doMock("./access/routes.ts", async (load) => {
      const { accessRoutes } = await load<typeof Access>();
      const { handler, contract } = accessRoutes[0]!;
      const { policy: _, ...rest } = contract;
      const planted = { ...rest, path: "/v1/planted", operationId: "readPlanted" };
      return { accessRoutes: [...accessRoutes, { handler, contract: planted }] };
    });
    await expect(createApp()).rejects.toThrow("readPlanted does not declare a policy");
  });

  it("refuses a planted route without a contract", async () => {
    vi.doMock("./http/mount-health.ts", async (load) => {
      const { mountHealth } = await load<typeof Health>();
      const mountMore: typeof mountHealth = (app, deps) => {
        mountHealth(app, deps);
        app.get("/v1/planted", () => new Response("shown to everybody"));
      };
      return { mountHealth: mountMore };
    });
    await expect(createApp()).rejects.toThrow("without a policy: GET /v1/planted");
  });
});
