import { type ChildProcess, spawn } from "node:child_process";
import type { Json } from "../../platform/json.ts";
import type { Plugin } from "./plugins.ts";

interface RunOptions {
  readonly plugin: Plugin;
  /** Goes to its standard input as JSON. */
  readonly spec: Json;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends it, with all that it started. */
  readonly signal: AbortSignal;
}

export interface CommandEnd {
  /** Null where it did not end by itself. */
  readonly exitCode: number | null;
  /** Why there is no exit code. */
  readonly reason: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether more came than is kept of it. */
  readonly isCut: boolean;
}

/** Of what a command writes as much is kept. */
const maxOutputBytes = 64 * 1_024;
const maxErrorBytes = 4 * 1_024;
/** Between asking to end and ending. */
const graceMs = 2_000;
/** For output after the end, which something that was left behind may keep open. */
const lingerMs = 500;

/**
 * Runs a command in no shell and in a process group of its own, which ends with it. It gets PATH, HOME
 * and the variables that its plugin names.
 */
export const runCommand = async (options: RunOptions): Promise<CommandEnd> => {
  const { cwd, plugin, signal, spec } = options;
  const [file, ...args] = plugin.command;
  const child = spawn(file, args, { cwd, env: environmentOf(options), detached: true });
  const killGroup = (how: NodeJS.Signals): void => signalGroup(child, how);
  let reason: string | undefined;
  let killing: NodeJS.Timeout | undefined;
  const end = (why: string): void => {
    reason ??= why;
    killGroup("SIGTERM");
    killing ??= setTimeout(() => killGroup("SIGKILL"), graceMs);
  };
  const stop = (): void => end("it was ended by the runtime");
  const timer = setTimeout(() => {
    end(`it took longer than ${plugin.timeoutSeconds} s`);
  }, plugin.timeoutSeconds * 1_000);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const stdout = collect(child.stdout, maxOutputBytes);
  const stderr = collect(child.stderr, maxErrorBytes);
  // Whether it reads what it gets is its own affair.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(spec));
  const exit = await exitOf(child);
  for (const each of [timer, killing]) clearTimeout(each);
  signal.removeEventListener("abort", stop);
  // Whatever it has started and left.
  killGroup("SIGKILL");
  return {
    exitCode: reason === undefined ? exit.code : null,
    reason: reason ?? exit.reason,
    stdout: stdout.text(),
    stderr: stderr.text(),
    isCut: stdout.isCut(),
  };
};

const environmentOf = ({ env, plugin }: RunOptions): Record<string, string> => {
  const passed: Record<string, string> = {};
  for (const name of ["PATH", "HOME", ...plugin.env]) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
};

const signalGroup = ({ pid }: ChildProcess, how: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, how);
  } catch {
    // Nobody is left.
  }
};

interface Exit {
  readonly code: number | null;
  readonly reason: string | undefined;
}

const exitOf = (child: ChildProcess): Promise<Exit> => {
  const { promise, resolve } = Promise.withResolvers<Exit>();
  child.once("error", ({ message }) => resolve({ code: null, reason: message }));
  child.once("exit", (code, how) => {
    const exit = { code, reason: how === null ? undefined : `it was ended by ${how}` };
    const linger = setTimeout(() => resolve(exit), lingerMs);
    child.once("close", () => {
      clearTimeout(linger);
      resolve(exit);
    });
  });
  return promise;
};

const collect = (stream: NodeJS.ReadableStream, maxBytes: number) => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on("data", (chunk: Buffer) => {
    // What is too much is taken all the same, so that the command is not held up.
    if (sizeBytes < maxBytes) chunks.push(chunk.subarray(0, maxBytes - sizeBytes));
    sizeBytes += chunk.length;
  });
  return {
    text: () => new TextDecoder().decode(Buffer.concat(chunks)),
    isCut: () => sizeBytes > maxBytes,
  };
};
