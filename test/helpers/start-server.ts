import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createTestDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./start-process.ts";

/** A server of Fairlead under test, in a process of its own. */
export interface Server {
  readonly url: string;
  readonly adminKey: string;
  /** What it has written so far. */
  output(): string;
  stop(): Promise<void>;
}

/** What a runtime's command line may need to know; the settings are in its environment too. */
export interface Launch {
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  /** `host:port` of the database. */
  readonly databaseHost: string;
  /** A folder that goes when the server stops. */
  readonly folder: string;
}

export interface Launched {
  readonly command: readonly [string, ...string[]];
  /** Beside the settings. */
  readonly env?: Readonly<Record<string, string>>;
}

const root = join(import.meta.dirname, "../..");

/**
 * Starts a server with `settings` on a free port, and waits for it. It has a database of its own, unless
 * the settings say which.
 */
export async function startServer(
  settings: Readonly<Record<string, string>>,
  launch: (launch: Launch) => Launched | Promise<Launched>,
  readyPath = "/readyz",
): Promise<Server> {
  const adminKey = "the-key-of-the-administrator";
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const given = settings["DATABASE_URL"];
  const database =
    given === undefined ? await createTestDatabase() : { url: given, drop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), "fairlead-server-"));
  const remove = async (): Promise<void> => {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  };
  const complete = {
    ...settings,
    HOST: "127.0.0.1",
    PORT: String(port),
    DATABASE_URL: database.url,
    DATA_DIR: settings["DATA_DIR"] ?? join(folder, "data"),
    BOOTSTRAP_ADMIN_KEY: adminKey,
  };
  try {
    const databaseHost = new URL(database.url).host;
    const launched = await launch({ port, settings: complete, databaseHost, folder });
    const server = await startProcess({
      command: launched.command,
      folder: root,
      // Nothing of the environment of who runs the tests, but where programs are.
      env: { PATH: programPath(), HOME: folder, ...complete, ...launched.env },
      readyUrl: url + readyPath,
    });
    return {
      url,
      adminKey,
      output: () => server.output(),
      async stop() {
        await server.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

export const programPath = (): string =>
  [join(root, "node_modules/.bin"), process.env["PATH"] ?? ""].join(delimiter);
