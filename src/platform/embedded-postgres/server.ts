import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Account } from "./account.ts";

export type StopMode = "fast" | "immediate";

export interface Server {
  readonly processId: number;
  stop(mode?: StopMode): Promise<void>;
}

export interface ServerOptions {
  /** The real path of the cluster. */
  readonly folder: string;
  readonly port: number;
  readonly account: Account | undefined;
  readonly binaries: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (line: string) => void;
}

/** PostgreSQL ended before it was ready. `output` is what it said last. */
export class ServerStartError extends Error {
  readonly output: string;

  constructor(folder: string, output: string) {
    super(`PostgreSQL did not start on ${folder}: ${output || "it said nothing"}`);
    this.name = "ServerStartError";
    this.output = output;
  }
}

type Postgres = ChildProcessByStdio<null, null, Readable>;
type Watchdog = ChildProcessByStdio<Writable, null, null>;

const signals = { fast: "SIGINT", immediate: "SIGQUIT" } as const;
const fastStopMs = 30_000;
const keptLines = 20;

const always = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  // Statements and the details of errors hold the values of entries.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

const spawnPostgres = (options: ServerOptions): Postgres => {
  const settings = { ...always, ...options.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return spawn(
    join(options.binaries, "postgres"),
    ["-D", options.folder, "-p", String(options.port), ...flags],
    {
      ...options.account,
      cwd: "/",
      env: { LC_ALL: "C" },
      stdio: ["ignore", "ignore", "pipe"],
      // A session of its own: an interrupt at the terminal reaches the service, which stops it in order.
      detached: true,
    },
  );
};

/**
 * A shell that waits on a pipe from this process. Whichever way this process ends, kill -9 too, the
 * pipe closes and the shell stops PostgreSQL, so that no server is left without an owner.
 */
const spawnWatchdog = (postgres: Postgres, account: Account | undefined): Watchdog => {
  const script = 'read -r _; kill -INT "$0"';
  const watchdog = spawn("/bin/sh", ["-c", script, String(postgres.pid)], {
    ...account,
    cwd: "/",
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  postgres.once("exit", () => watchdog.kill("SIGKILL"));
  watchdog.once("error", () => postgres.kill("SIGINT"));
  return watchdog;
};

/** Lets the process end by itself while PostgreSQL runs, or not. */
const holdProcess = (postgres: Postgres, watchdog: Watchdog, hold: boolean): void => {
  for (const handle of [postgres, watchdog, postgres.stderr, watchdog.stdin]) {
    if (!(handle === postgres || handle === watchdog || handle instanceof Socket)) continue;
    if (hold) handle.ref();
    else handle.unref();
  }
};

const hasEnded = (child: Postgres): boolean => child.exitCode !== null || child.signalCode !== null;

const stopPostgres = async (postgres: Postgres, mode: StopMode): Promise<void> => {
  if (hasEnded(postgres)) return;
  const ended = once(postgres, "exit");
  postgres.kill(signals[mode]);
  const late = setTimeout(() => postgres.kill(signals.immediate), fastStopMs);
  await ended;
  clearTimeout(late);
};

const whenReady = async (postgres: Postgres, options: ServerOptions): Promise<void> => {
  const last: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines = createInterface({ input: postgres.stderr });
  lines.on("line", (line) => {
    options.log(line);
    last.push(line);
    if (last.length > keptLines) last.shift();
    if (line.includes("database system is ready to accept connections")) resolve();
  });
  postgres.once("close", () => reject(new ServerStartError(options.folder, last.join("\n"))));
  await promise;
};

/** Starts PostgreSQL on a cluster and waits until it accepts connections; if it does not, nothing stays behind. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const postgres = spawnPostgres(options);
  await once(postgres, "spawn");
  const processId = postgres.pid ?? 0;
  const watchdog = spawnWatchdog(postgres, options.account);
  try {
    await whenReady(postgres, options);
  } catch (error) {
    await stopPostgres(postgres, "immediate");
    throw error;
  }
  holdProcess(postgres, watchdog, false);
  let stopping = false;
  postgres.once("exit", (code, signal) => {
    if (!stopping) options.log(`PostgreSQL ended by itself (${signal ?? `code ${code}`})`);
  });
  return {
    processId,
    async stop(mode = "fast") {
      stopping = true;
      holdProcess(postgres, watchdog, true);
      await stopPostgres(postgres, mode);
    },
  };
}
