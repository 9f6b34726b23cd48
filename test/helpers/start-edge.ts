import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sql } from "../../src/platform/sql.ts";
import { createTestDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./start-process.ts";
import { programPath, type Server, startServer } from "./start-server.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { wranglerDev } from "./wrangler-dev.ts";

/** A Worker without a database, and the deployment that publishes to it. */
export interface EdgeUnderTest extends Server {
  readonly origin: Server;
  /** The origin's database. */
  readonly sql: Sql;
  /** Between the Worker and its origin. */
  readonly toOrigin: TcpProxy;
  /** Between the origin's workers and the Worker. */
  readonly toEdge: TcpProxy;
  /** Where publishers send what they publish, and the secret that they share with the Worker. */
  readonly publishUrl: string;
  readonly secret: string;
  /** Ends everything of the Worker at once, but what it has stored, and starts it again. */
  killAndRestart(): Promise<void>;
}

const secret = "a-secret-of-more-than-thirty-two-characters";
const root = join(import.meta.dirname, "../..");

/**
 * Starts both, with the same settings; `url` is the Worker's.
 *
 * @param main the Worker's module, where it is not the product's own
 */
export const startEdge = async (
  settings: Readonly<Record<string, string>>,
  main?: string,
): Promise<EdgeUnderTest> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = await createTestDatabase();
  const toEdge = await startTcpProxy(port);
  const publishUrl = `http://127.0.0.1:${toEdge.port}`;
  const published = {
    ...settings,
    DATABASE_URL: database.url,
    EDGE_URLS: publishUrl,
    EDGE_PUBLISH_SECRET: secret,
  };
  const origin = await startServer(published, () => ({ command: ["node", "src/entry/node.ts"] }));
  const toOrigin = await startTcpProxy(Number(new URL(origin.url).port));
  const folder = await mkdtemp(join(tmpdir(), "fairlead-edge-"));
  const stopAround = async (): Promise<void> => {
    await origin.stop();
    await toOrigin.close();
    await toEdge.close();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  const startWorker = async () => {
    const { command, env } = await wranglerDev({
      folder,
      main,
      port,
      settings: {
        ...settings,
        BOOTSTRAP_ADMIN_KEY: origin.adminKey,
        ORIGIN_URL: `http://127.0.0.1:${toOrigin.port}`,
        EDGE_PUBLISH_SECRET: secret,
      },
    });
    return startProcess({
      command,
      folder: root,
      env: { PATH: programPath(), HOME: folder, ...env },
      readyUrl: `${url}/readyz`,
    });
  };
  try {
    let worker = await startWorker();
    return {
      url,
      adminKey: origin.adminKey,
      origin,
      sql: database.sql,
      toOrigin,
      toEdge,
      publishUrl,
      secret,
      output: () => `${worker.output()}\n${origin.output()}`,
      async killAndRestart() {
        await worker.kill();
        worker = await startWorker();
      },
      async stop() {
        await worker.stop();
        await stopAround();
      },
    };
  } catch (error) {
    await stopAround();
    throw error;
  }
};
