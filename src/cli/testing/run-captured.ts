import type { Io } from "../io.ts";
import { runCli } from "../run-cli.ts";

export interface Captured {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line with captured output: piped, no environment, no waiting, unless `io` says otherwise. */
export const runCaptured = async (
  argv: readonly string[],
  io: Partial<Io> & { readonly url?: string } = {},
): Promise<Captured> => {
  let stdout = "";
  let stderr = "";
  const { url, env, ...rest } = io;
  const exitCode = await runCli(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    cwd: "/nonexistent",
    isTerminal: false,
    columns: 80,
    wait: async () => {},
    env: { FAIRLEAD_API_KEY: "test-key", ...(url ? { FAIRLEAD_URL: url } : {}), ...env },
    ...rest,
  });
  return { exitCode, stdout, stderr };
};

/** Standard input that holds `text`. */
export const inputOf = async function* (text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
};

/** A terminal of `columns` cells on all three streams, where `typed` is what somebody answers. */
export const terminal = (typed = "", columns = 80) => ({
  isTerminal: true,
  stdinIsTerminal: true,
  stderrIsTerminal: true,
  columns,
  stdin: inputOf(typed),
});
