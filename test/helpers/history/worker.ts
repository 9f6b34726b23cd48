/**
 * A worker process with the layers consumer and two that write their effects down. It can be told to stand
 * still at a point of its work, or to have a bug on purpose.
 */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { productKinds } from "../../../src/app/product-kinds.ts";
import type { LayerCache } from "../../../src/layers/cache/layer-cache.ts";
import { openLayerCache } from "../../../src/layers/cache/open-layer-cache.ts";
import type { EventConsumer, StateConsumer } from "../../../src/outbox/consumer.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { parseSettings } from "../../../src/platform/settings.ts";
import { layersConsumer } from "../../../workers/layers-consumer.ts";
import { startConsumers } from "../../../workers/start-consumers.ts";
import { holding } from "./holding.ts";

/** Where a worker can be told to stand still. */
export type HoldPoint = "before documents" | "after documents" | "before heads" | "after heads";

/** What a worker can be told to do wrong. */
export type WorkerBug =
  /** Moves the cursor of events before their effect. */
  | "cursor first"
  /** Moves heads before the documents that they name. */
  | "head first";

const { BUG: bug, EFFECTS_FOLDER: folder = ".", HOLD: hold } = process.env;
const settings = parseSettings(process.env);
const lateMs = 700;

const holdAt = async (point: HoldPoint): Promise<void> => {
  if (hold !== point) return;
  console.log(holding(point));
  await Promise.withResolvers<void>().promise;
};

const later = (run: () => Promise<unknown>): void => {
  setTimeout(() => void run().catch(() => {}), lateMs);
};

const holdingCache = (cache: LayerCache): LayerCache => ({
  ...cache,
  async putDocuments(documents) {
    await holdAt("before documents");
    await cache.putDocuments(documents);
    await holdAt("after documents");
  },
  async moveHeads(move) {
    await holdAt("before heads");
    const isMoved = await cache.moveHeads(move);
    await holdAt("after heads");
    return isMoved;
  },
});

/** Heads name documents that are put later, if nothing happens before. */
const headFirst = (cache: LayerCache): LayerCache => ({
  ...cache,
  putDocuments: async (documents) => later(() => cache.putDocuments(documents)),
});

const traits = { backoff: { baseMs: 50, maxMs: 500 }, timeoutMs: 60_000, isUrgent: true } as const;

const note = (name: string, lines: readonly string[]): Promise<void> =>
  appendFile(join(folder, name), lines.map((line) => `${line}\n`).join(""));

const events: EventConsumer = {
  ...traits,
  name: "history-events",
  kind: "event",
  maxAttempts: 100,
  batchSize: 20,
  async deliver(rows) {
    const effect = (): Promise<void> =>
      note(
        "events",
        rows.map(({ revision }) => String(revision)),
      );
    // Whoever returns has the cursor moved.
    if (bug === ("cursor first" satisfies WorkerBug)) later(effect);
    else await effect();
  },
};

const copy: StateConsumer = {
  ...traits,
  name: "history-copy",
  kind: "state",
  async bring({ fence, newest }) {
    await note("copy", [`${fence} ${newest.revision}`]);
    return newest;
  },
};

const cache = openLayerCache(settings);
if (cache === undefined) throw new Error("LAYER_CACHE_URL is needed");
const used = bug === ("head first" satisfies WorkerBug) ? headFirst(cache) : holdingCache(cache);
const kinds = [...productKinds(settings).keys()];
await startConsumers({
  databaseUrl: settings.databaseUrl ?? "",
  consumers: [layersConsumer({ cache: used, kinds }), events, copy],
  log: createLogger("warn"),
});
