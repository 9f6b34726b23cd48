import { afterAll, beforeAll, describe } from "vitest";
import { type Api, createApi } from "../helpers/http-api.ts";
import type { Server } from "../helpers/start-server.ts";
import { cutConnections } from "./cut-connections.ts";
import { endings } from "./endings.ts";
import { revokedKeys } from "./revoked-keys.ts";
import { slowClients } from "./slow-clients.ts";
import { sockets } from "./sockets.ts";
import { tickets } from "./tickets.ts";
import { upgrades } from "./upgrades.ts";

/** Some of the suite's tests. */
export type StreamArea = (api: Api, server: () => Server) => void;

const allAreas: readonly StreamArea[] = [
  tickets,
  sockets,
  upgrades,
  cutConnections,
  slowClients,
  revokedKeys,
  endings,
];

/** Holds a server to what streams promise, whatever it runs on. The last area stops it. */
export const streamSuite = (
  name: string,
  start: () => Promise<Server>,
  areas: readonly StreamArea[] = allAreas,
): void => {
  describe(`streams on ${name}`, () => {
    let running: Server | undefined;
    const server = (): Server => {
      if (running === undefined) throw new Error("the server has not started");
      return running;
    };
    const api = createApi(server, () => {});
    beforeAll(async () => {
      const started = await start();
      let stopped: Promise<void> | undefined;
      // Its process's number may be another's by the second time.
      const stop = (): Promise<void> => (stopped ??= started.stop());
      running = { ...started, stop };
    });
    afterAll(async () => {
      await running?.stop();
    });
    for (const area of areas) area(api, server);
  });
};
