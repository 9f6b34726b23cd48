import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "./exchange.ts";

interface ReaderOptions {
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  readonly apiKey: string;
  /** The pause after each answer. */
  readonly pauseMs: number;
  /** For how long a revision is waited for. */
  readonly patienceMs?: number;
}

/** One client that reads the same again and again, with no word of what it waits for. */
export interface Reader {
  /** When the first answer came that is not older than the revision, in nanoseconds of the clock that processes share. */
  readonly untilShown: (revision: number) => Promise<bigint>;
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly revision: number;
  readonly resolve: (atNs: bigint) => void;
}

export function startReader({ patienceMs = 30_000, pauseMs, ...asked }: ReaderOptions): Reader {
  const seen: { readonly revision: number; readonly atNs: bigint }[] = [];
  const waiting = new Set<Waiting>();
  const stopping = new AbortController();
  const note = (revision: number, atNs: bigint): void => {
    if (revision <= (seen.at(-1)?.revision ?? 0)) return;
    seen.push({ revision, atNs });
    for (const one of waiting) {
      if (one.revision > revision) continue;
      one.resolve(atNs);
      waiting.delete(one);
    }
  };
  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const { atNs, headers } = await exchange({ ...asked, method: "GET" });
      note(Number(headers["config-revision"]), atNs);
      await sleep(pauseMs);
    }
  };
  const polling = poll();
  polling.catch(() => undefined); // who waits hears of it, and who stops it
  return {
    untilShown(revision) {
      const found = seen.find((one) => one.revision >= revision);
      if (found !== undefined) return Promise.resolve(found.atNs);
      const { promise, resolve } = Promise.withResolvers<bigint>();
      waiting.add({ revision, resolve });
      const giveUp = async (): Promise<never> => {
        await Promise.race([polling, sleep(patienceMs, undefined, { ref: false })]);
        throw new Error(`revision ${revision} was not shown`);
      };
      return Promise.race([promise, giveUp()]);
    },
    async stop() {
      stopping.abort();
      await polling;
    },
  };
}
