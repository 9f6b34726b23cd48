import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** One answer, as a client on one connection got it. */
export interface SeenRead {
  readonly reader: number;
  readonly path: string;
  readonly status: number;
  readonly revision: number;
  /** Of the history that was read, where an entity tag tells it. */
  readonly epoch: string | undefined;
  readonly isStale: boolean;
  readonly text: string;
}

export interface SteadyReaders {
  /** Waits until each of them has been answered so many more times. */
  answered(more: number): Promise<void>;
  /** Ends them; all that they saw, in order. */
  stop(): Promise<readonly SeenRead[]>;
}

interface ReaderOptions {
  readonly urls: readonly string[];
  readonly paths: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** For each URL. */
  readonly readers: number;
}

const pauseMs = 5;

/** Clients that read all the time, each on a connection of its own. */
export const startReaders = ({ headers, paths, readers, urls }: ReaderOptions): SteadyReaders => {
  const seen: SeenRead[] = [];
  const counts = urls.flatMap(() => Array.from({ length: readers }, () => 0));
  let isRunning = true;

  const run = async (reader: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const url = urls[reader % urls.length] ?? "";
    for (let turn = reader; isRunning; turn += 1) {
      const path = paths[turn % paths.length] ?? "/";
      seen.push({ reader, path, ...(await readOnce(agent, url + path, headers)) });
      counts[reader] = (counts[reader] ?? 0) + 1;
      await sleep(pauseMs);
    }
    agent.destroy();
  };

  const done = Promise.all(counts.map((_, reader) => run(reader)));
  return {
    async answered(more) {
      const wanted = counts.map((count) => count + more);
      while (!wanted.every((count, reader) => (counts[reader] ?? 0) >= count)) {
        await Promise.race([sleep(pauseMs), done]);
      }
    },
    async stop() {
      isRunning = false;
      await done;
      return seen;
    },
  };
};

const readOnce = (
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<Omit<SeenRead, "reader" | "path">> => {
  const { promise, reject, resolve } = Promise.withResolvers<Omit<SeenRead, "reader" | "path">>();
  get(url, { agent, headers }, (response) => {
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    response.once("end", () => {
      const { "config-revision": revision, "config-stale": stale, etag } = response.headers;
      resolve({
        status: response.statusCode ?? 0,
        revision: Number(revision),
        epoch: /^"([0-9a-f]{16})\./.exec(etag ?? "")?.[1],
        isStale: stale !== undefined,
        text,
      });
    });
  }).once("error", reject);
  return promise;
};
