import { setTimeout as sleep } from "node:timers/promises";
import { createCaller } from "./exchange.ts";
import type { ReadRecord } from "./history.ts";
import type { Random } from "./random.ts";
import { authorization, type Clients, keys, positions, queryOf } from "./shared.ts";

interface ReaderOptions {
  readonly clients: Clients;
  readonly random: Random;
  readonly reader: number;
  readonly records: ReadRecord[];
}

const pauseMs = 8;
const timeoutMs = 12_000;

type Asked = Pick<ReadRecord, "app" | "environment" | "mode" | "minRevision"> & {
  readonly key: string | undefined;
};

/** Reads from one process all the time, in all three ways, keys and whole documents. */
export const runReader = async (options: ReaderOptions): Promise<void> => {
  const { clients, random, reader, records } = options;
  const caller = createCaller();
  const url = clients.urls[reader % clients.urls.length] ?? "";
  /** What was last answered, for conditional requests. */
  const held = new Map<string, { readonly etag: string; readonly text: string }>();
  while (clients.isRunning()) {
    const asked = choose(random, clients.newest);
    const { path, query } = addressOf(asked);
    const known = random.chance(0.3) ? held.get(path) : undefined;
    const startMs = performance.now();
    const answer = await caller.send(`${url}${path}${query}`, {
      method: "GET",
      headers: { ...authorization, ...(known ? { "if-none-match": known.etag } : {}) },
      timeoutMs,
    });
    if (answer === undefined) await sleep(50);
    else {
      const { connection, headers, status } = answer;
      const isSame = status === 304 && known !== undefined;
      const text = isSame ? known.text : answer.text;
      const revision = Number(headers["config-revision"] ?? 0);
      if (status === 200) held.set(path, { etag: headers.etag ?? "", text });
      clients.newest = Math.max(clients.newest, revision);
      const { key, ...rest } = asked;
      const isStale = headers["config-stale"] !== undefined;
      const told = { connection, startMs, endMs: performance.now(), isStale, revision };
      records.push({
        ...rest,
        ...told,
        status: isSame ? 200 : status,
        ...shown(status, text, key),
      });
    }
    await sleep(pauseMs);
  }
  caller.close();
};

const choose = (random: Random, newest: number): Asked => ({
  ...random.pick(positions),
  key: random.chance(0.5) ? random.pick(keys) : undefined,
  ...random.pick([
    { mode: "default" } as const,
    { mode: "default" } as const,
    { mode: "minRevision", minRevision: newest } as const,
    { mode: "strong" } as const,
  ]),
});

const addressOf = ({ key, minRevision, mode, ...position }: Asked) => ({
  path: `/v1/config${key === undefined ? "" : `/${key}`}?${queryOf(position)}`,
  query:
    mode === "strong" ? "&consistency=strong" : minRevision ? `&minRevision=${minRevision}` : "",
});

const shown = (
  status: number,
  text: string,
  key: string | undefined,
): Pick<ReadRecord, "values" | "one"> => {
  if (status !== 200 && status !== 304) return { values: {} };
  if (key === undefined) return { values: (JSON.parse(text) as Pick<ReadRecord, "values">).values };
  const { value, version } = JSON.parse(text) as { value: string; version: number };
  return { values: { [key]: value }, one: { key, version } };
};
