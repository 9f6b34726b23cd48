import { createEdgeProcess, type EdgeProcess } from "../../src/edge/edge-process.ts";
import { createLease } from "../../src/edge/keep-fresh.ts";
import { createShown } from "../../src/edge/shown.ts";
import type { MemoryPoint } from "../../src/layers/memory/layer-memory.ts";
import type { OpenedView, ReadPosition } from "../../src/layers/memory/reading.ts";
import type { Logger } from "../../src/platform/log.ts";
import type { Settings } from "../../src/platform/settings.ts";
import type { Sql } from "../../src/platform/sql.ts";

type EdgeSources = Pick<Parameters<typeof createEdgeProcess>[0], "authority" | "documents">;

interface IsolateOptions extends EdgeSources {
  readonly settings: Settings;
  /** A handle of a request: to the origin's database, or to none. */
  readonly handleOf: () => Sql;
  readonly hasDatabase: boolean;
  /** What the origin answers to a request that is handed to it. */
  readonly forward: (() => Promise<MemoryPoint>) | undefined;
  /** What is done to the process of an isolate with a bug. */
  readonly alter?: ((process: EdgeProcess) => EdgeProcess) | undefined;
}

interface IsolateRead {
  readonly position: ReadPosition;
  /** What the reader has seen already. */
  readonly minRevision: number;
  readonly use: (opened: OpenedView) => void;
}

type IsolateAnswer =
  | { readonly by: "memory"; readonly staleMs: number | undefined }
  | { readonly by: "origin"; readonly point: MemoryPoint }
  /** The app or environment is not known. */
  | { readonly by: "nobody" };

/** The memory of one Worker isolate, and how it answers from it. */
export interface SimulatedIsolate {
  readonly process: EdgeProcess;
  /** Whether it asks the authority for what is new, at this moment. */
  isLooking(): boolean;
  read(read: IsolateRead): Promise<IsolateAnswer>;
}

const silent = (): void => {};
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };
const execution = { waitUntil: () => {} };

/** Answers as the Worker does: on a lease, from memory, else with the origin's help where there is one. */
export const createSimulatedIsolate = (options: IsolateOptions): SimulatedIsolate => {
  const { alter = (one) => one, forward, handleOf, settings } = options;
  const maxAgeMs = settings.maxStalenessMs;
  const made = createEdgeProcess({ ...options, bootstrapKey: "a key of sixteen or more" });
  const looks = { now: 0 };
  const process = alter(countLooks(made, looks));
  const shown = createShown(process);
  const keepFresh = createLease({
    process,
    shown,
    maxAgeMs,
    open: () => ({ handle: handleOf(), close: async () => {} }),
    log,
  });
  const mayAnswer = (): boolean => process.layers.memory.point().revision >= 0 && shown.isReached();
  const handOver = async (): Promise<IsolateAnswer> => {
    if (forward === undefined) throw new Error("there is nobody to hand it over to");
    const point = await forward();
    const headers = {
      "config-revision": String(point.revision),
      etag: `"${point.epoch}.entry.1"`,
    };
    shown.note(new Request("https://edge/v1/config"), new Response("", { headers }));
    return { by: "origin", point };
  };
  const answerHere = async ({
    minRevision,
    position,
    use,
  }: IsolateRead): Promise<IsolateAnswer> => {
    const { layers } = process;
    const handle = handleOf();
    await layers.reach(handle, { revision: minRevision });
    const known = await layers.existing(handle, position);
    if (!known.appExists || !known.environmentExists) return { by: "nobody" };
    await layers.open(handle, position, use);
    return { by: "memory", staleMs: layers.countRead(maxAgeMs) };
  };
  return {
    process,
    isLooking: () => looks.now > 0,
    async read(read) {
      await keepFresh(execution);
      const { layers } = process;
      if (!options.hasDatabase && !mayAnswer()) return handOver();
      const isQuick = mayAnswer() && read.minRevision <= layers.memory.point().revision;
      const opened = isQuick ? layers.peek(read.position) : undefined;
      if (opened !== undefined) {
        read.use(opened);
        return { by: "memory", staleMs: layers.countRead(maxAgeMs) };
      }
      const own = await answerHere(read).catch((error: unknown) => error as Error);
      if (!(own instanceof Error) && own.by !== "nobody") return own;
      if (forward !== undefined) return handOver();
      if (own instanceof Error) throw own;
      return own;
    },
  };
};

const countLooks = (process: EdgeProcess, looks: { now: number }): EdgeProcess => ({
  ...process,
  async follow(handle) {
    looks.now += 1;
    await process.follow(handle).finally(() => {
      looks.now -= 1;
    });
  },
});
