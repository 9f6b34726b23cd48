import { exchange } from "./exchange.ts";

const atOnce = 8;

interface Server {
  readonly port: number;
  readonly apiKey: string;
}

/** Reads every path once, some at a time; resolves to the milliseconds that each took. */
export async function readAll(server: Server, paths: readonly string[]): Promise<number[]> {
  const timesMs: number[] = [];
  const waiting = paths.values();
  const readNext = async (): Promise<void> => {
    for (const path of waiting) timesMs.push(await readOne(server, path));
  };
  await Promise.all(Array.from({ length: atOnce }, readNext));
  return timesMs;
}

/** The milliseconds until the whole answer was there. */
export async function readOne({ apiKey, port }: Server, path: string): Promise<number> {
  const started = performance.now();
  await exchange({ port, method: "GET", path, apiKey });
  return performance.now() - started;
}
