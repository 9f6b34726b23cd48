import { join } from "node:path";
import { settledBytes } from "../measure/memory.ts";
import { startChild } from "./child.ts";
import type { SelectNews } from "./select-all.ts";
import type { StartOptions } from "./system.ts";

export interface BareSelect {
  /** From the start of the process to the answer of its first query, and to the last row. */
  readonly connectedMs: number;
  readonly selectedMs: number;
  readonly rows: number;
  readonly residentBytes: number;
}

export async function runBareSelect(
  options: StartOptions & { readonly databaseUrl: string },
): Promise<BareSelect> {
  const started = performance.now();
  const child = startChild({
    command: [process.execPath, join(import.meta.dirname, "select-all.ts"), options.databaseUrl],
    log: join(options.directory, "select-all.log"),
    cores: options.cores,
    channel: true,
  });
  const { promise, reject, resolve } = Promise.withResolvers<Omit<BareSelect, "residentBytes">>();
  let connectedMs = Number.NaN;
  child.process.on("message", ({ connected, rows = 0 }: SelectNews) => {
    const nowMs = performance.now() - started;
    if (connected === true) connectedMs = nowMs;
    else resolve({ connectedMs, selectedMs: nowMs, rows });
  });
  child.process.once("exit", () => reject(new Error(`the bare select ended:\n${child.tail()}`)));
  try {
    const selected = await promise;
    return { ...selected, residentBytes: await settledBytes(child.pid) };
  } finally {
    await child.stop();
  }
}
