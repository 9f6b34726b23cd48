import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readCompatibility } from "./bundle-worker.ts";
import { type Child, startChild } from "./child.ts";
import type { StartOptions } from "./system.ts";

const program = join(import.meta.dirname, "../../node_modules/.bin/workerd");
const patienceMs = 30_000;

export const workerdVersion = (): string =>
  execFileSync(program, ["--version"], { encoding: "utf8" }).trim().replace("workerd ", "");

export interface WorkerdOptions extends StartOptions {
  readonly id: string;
  readonly port: number;
  /** The bundle that answers at the port. */
  readonly file: string;
  /** What it has beside its code, where it is Fairlead's. */
  readonly edge?: Edge;
}

interface Edge {
  /** The bundle that stands for KV. */
  readonly storeFile: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts workerd itself, without the proxy of `wrangler dev`. Objects of the same id keep what they have on disk. */
export function startWorkerd(options: WorkerdOptions): Child {
  const { cores, directory, id } = options;
  mkdirSync(join(directory, `${id}-objects`), { recursive: true });
  const config = join(directory, `${id}.capnp`);
  writeFileSync(config, configOf(options), { mode: 0o600 });
  const command = [program, "serve", config];
  return startChild({ command, log: join(directory, `${id}.log`), cores });
}

const quote = (text: string): string => JSON.stringify(text);

function configOf({ directory, edge, file, id, port }: WorkerdOptions): string {
  const services = ['(name = "main", worker = .main)'];
  if (edge !== undefined) {
    const path = quote(join(directory, `${id}-objects`));
    services.push('(name = "store", worker = .store)');
    services.push(`(name = "objects", disk = (path = ${path}, writable = true))`);
  }
  const address = `127.0.0.1:${port}`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [${services.join(", ")}],
  sockets = [(name = "http", address = "${address}", http = (), service = "main")],
);
const main :Workerd.Worker = (${moduleOf(directory, file)}${edgeOf(edge)});
${edge === undefined ? "" : `const store :Workerd.Worker = (${moduleOf(directory, edge.storeFile)});\n`}`;
}

function moduleOf(directory: string, file: string): string {
  const { date, flags } = readCompatibility();
  return `
  modules = [(name = "worker.js", esModule = embed ${quote(relative(directory, file))})],
  compatibilityDate = ${quote(date)},
  compatibilityFlags = ${JSON.stringify(flags)},
`;
}

/** What wrangler.toml binds. */
function edgeOf(edge: Edge | undefined): string {
  if (edge === undefined) return "";
  const texts = Object.entries(edge.settings).map(
    ([name, value]) => `(name = ${quote(name)}, text = ${quote(value)}),`,
  );
  return `  durableObjectNamespaces = [
    (className = "HeadAuthority", uniqueKey = "heads", enableSql = true),
    (className = "StreamHubObject", uniqueKey = "hubs", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "objects"),
  bindings = [
    (name = "HEADS", durableObjectNamespace = "HeadAuthority"),
    (name = "HUBS", durableObjectNamespace = "StreamHubObject"),
    (name = "LAYERS", kvNamespace = "store"),
    ${texts.join("\n    ")}
  ],
`;
}

interface Asked {
  readonly port: number;
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly apiKey?: string;
  /** What the answer must be. */
  readonly status: number;
}

/** Asks until the answer is the right one; resolves to when it was, on the clock of `performance.now()`. */
export async function untilAnswered(child: Child, asked: Asked): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const status = await ask(asked).catch(() => 0);
    const atMs = performance.now();
    if (status === asked.status) return atMs;
    if (atMs > deadline || child.process.exitCode !== null) {
      throw new Error(`${asked.path} on workerd answered ${status}:\n${child.tail()}`);
    }
    await sleep(1);
  }
}

/** The status, once the whole answer is there; on a connection of its own, as a new process needs one. */
function ask({ apiKey, method = "GET", path, port }: Asked): Promise<number> {
  const { promise, reject, resolve } = Promise.withResolvers<number>();
  const headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const options = { host: "127.0.0.1", port, path, method, headers, agent: false };
  const sent = request(options, (response) => {
    response.on("error", reject);
    response.on("end", () => resolve(response.statusCode ?? 0)).resume();
  });
  sent.on("error", reject);
  sent.end();
  return promise;
}
