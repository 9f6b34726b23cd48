import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { generateKey } from "../../../src/access/store/key-text.ts";
import type { StoredKey } from "../../../src/access/store/read-access.ts";
import type { CommittedEntry } from "../../../src/layers/memory/memory-layer.ts";
import type { Grant } from "../../../src/permissions/grant.ts";
import { freePort } from "../free-port.ts";
import { startProcess } from "../start-process.ts";
import { programPath } from "../start-server.ts";
import type { AuthorityOrders, HubOrders } from "./orders.ts";

const root = join(import.meta.dirname, "../../..");

/** The orders of an object, asked for over HTTP. */
type Remote<Orders> = {
  readonly [Verb in keyof Orders]: Orders[Verb] extends (...given: infer Given) => infer Answer
    ? (...given: Given) => Promise<Answer>
    : never;
};

/** An edge of nothing but hubs, under workerd, with a head authority that a test directs. */
export interface HubEdge {
  readonly url: string;
  readonly authority: Remote<AuthorityOrders>;
  readonly hub: (app: string, environment: string) => Remote<HubOrders>;
  output(): string;
  stop(): Promise<void>;
}

export const startHubEdge = async (
  settings: Readonly<Record<string, string>> = {},
): Promise<HubEdge> => {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-hub-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { PATH: programPath(), HOME: folder };
  try {
    await bundle(folder, env);
    await writeFile(join(folder, "config.capnp"), configOf(folder, port, settings));
    const process = await startProcess({
      command: ["workerd", "serve", join(folder, "config.capnp")],
      folder,
      env,
      readyUrl: `${url}/ready`,
    });
    const end = async (): Promise<void> => {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    };
    return {
      url,
      output: () => process.output(),
      stop: end,
      authority: remote<AuthorityOrders>(url, "authority"),
      hub: (app, environment) => remote<HubOrders>(url, JSON.stringify([app, environment])),
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
};

/** As `wrangler deploy` would send it. */
const bundle = async (folder: string, env: Record<string, string>): Promise<void> => {
  const config = {
    name: "hub-edge",
    main: join(import.meta.dirname, "worker.ts"),
    compatibility_date: "2026-10-01",
    compatibility_flags: ["nodejs_compat"],
    durable_objects: {
      bindings: [
        { name: "HUBS", class_name: "TestHub" },
        { name: "HEADS", class_name: "TestAuthority" },
      ],
    },
    migrations: [{ tag: "v1", new_sqlite_classes: ["TestHub", "TestAuthority"] }],
  };
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(config));
  await promisify(execFile)(
    "wrangler",
    [
      "deploy",
      "--dry-run",
      `--outdir=${join(folder, "dist")}`,
      `--config=${join(folder, "wrangler.json")}`,
    ],
    {
      cwd: root,
      timeout: 60_000,
      env: { ...env, CI: "1", WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false" },
    },
  );
};

/** The authority stays in memory, where all that it knows is; hubs are evicted as they are in production. */
const configOf = (
  folder: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): string => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .hubEdge),
    (name = "disk", disk = (path = ${JSON.stringify(folder)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const hubEdge :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "dist/worker.js")],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["nodejs_compat"],
  durableObjectNamespaces = [
    (className = "TestHub", uniqueKey = "hub", enableSql = true),
    (className = "TestAuthority", uniqueKey = "authority", enableSql = true, preventEviction = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "HUBS", durableObjectNamespace = "TestHub"),
    (name = "HEADS", durableObjectNamespace = "TestAuthority"),
${Object.entries(settings)
  .map(([name, value]) => `    (name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)}),`)
  .join("\n")}
  ],
);
`;

const remote = <Orders>(url: string, whom: string): Remote<Orders> =>
  new Proxy({} as Remote<Orders>, {
    get:
      (_orders, verb) =>
      async (...given: unknown[]) => {
        const body = JSON.stringify([whom, verb, ...given]);
        const response = await fetch(`${url}/orders`, { method: "POST", body });
        // Who is killed does not answer.
        if (verb === "kill") return undefined;
        if (!response.ok) throw new Error(`${String(verb)}: ${await response.text()}`);
        return ((await response.json()) as { answer: unknown }).answer;
      },
  });

/** A key as an edge knows it, with its text. */
export const edgeKey = (
  grants: readonly Grant[] = [{ role: "viewer", effect: "allow" }],
): { readonly text: string; readonly stored: StoredKey } => {
  const { hash, id, text } = generateKey();
  const stored = {
    id,
    name: "a key",
    hash: hash.toString("hex"),
    grants: JSON.stringify(grants),
    defaultApp: "",
    defaultEnvironment: "",
    expiresAt: null,
    revoked: false,
  };
  return { text, stored };
};

/** An entry to be committed; the authority gives it its version. */
export const edgeEntry = (
  given: Partial<CommittedEntry> & Pick<CommittedEntry, "key">,
): CommittedEntry => ({
  id: given.key,
  kind: "config",
  app: "shop",
  environment: "production",
  version: 0,
  revision: 0,
  deleted: false,
  value: 1,
  schema: undefined,
  description: undefined,
  merge: "replace",
  ...given,
});
