import type { Io } from "./io.ts";

const fallbackColumns = 80;

/** `Io` over a real process. A reader that goes away early (`| head`) ends it quietly. */
export const processIo = (process: NodeJS.Process): Io => {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    isTerminal: process.stdout.isTTY,
    stdinIsTerminal: process.stdin.isTTY,
    setRawMode: (raw) => {
      process.stdin.setRawMode(raw);
    },
    onStop(listener) {
      const signals = ["SIGINT", "SIGTERM"] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    stderrIsTerminal: process.stderr.isTTY,
    columns: process.stdout.columns || fallbackColumns,
  };
};
