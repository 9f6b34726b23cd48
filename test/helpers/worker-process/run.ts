/** A worker process whose consumers tell their parent what they do, and write their effects to files. */
import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EventConsumer, StateConsumer } from "../../../src/outbox/consumer.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { startConsumers } from "../../../workers/start-consumers.ts";

/** What a worker says of an effect. */
export interface EffectMessage {
  readonly consumer: string;
  readonly at: "before" | "after";
  readonly revision: number;
}

/** The settings of a worker, one by one in its environment. */
export interface WorkerSettings {
  readonly DATABASE_URL: string;
  readonly EFFECTS_FOLDER: string;
  /** Names with their kind: `events:event copy:state`. */
  readonly CONSUMERS: string;
  /** Where effects stand still until the parent says "go"; nowhere if empty. */
  readonly HOLD: string;
}

const settings = process.env as unknown as WorkerSettings;
const go = Promise.withResolvers<void>();

const tell = async (consumer: string, at: EffectMessage["at"], revision: number): Promise<void> => {
  process.send?.({ consumer, at, revision } satisfies EffectMessage);
  if (settings.HOLD === at) await go.promise;
};

const traits = {
  backoff: { baseMs: 50, maxMs: 500 },
  timeoutMs: 600_000,
  isUrgent: true,
} as const;

const eventConsumer = (name: string): EventConsumer => ({
  ...traits,
  name,
  kind: "event",
  maxAttempts: 5,
  batchSize: 5,
  async deliver(rows) {
    const last = rows.at(-1)?.revision ?? 0;
    await tell(name, "before", last);
    const lines = rows.map(({ revision }) => `${process.pid} ${revision}\n`);
    await appendFile(join(settings.EFFECTS_FOLDER, name), lines.join(""));
    await tell(name, "after", last);
  },
});

const stateConsumer = (name: string): StateConsumer => ({
  ...traits,
  name,
  kind: "state",
  async bring({ newest }) {
    await tell(name, "before", newest.revision);
    await writeFile(join(settings.EFFECTS_FOLDER, name), `${process.pid} ${newest.revision}\n`);
    await tell(name, "after", newest.revision);
    return newest;
  },
});

process.on("message", () => go.resolve());
process.on("disconnect", () => process.exit());

const consumers = settings.CONSUMERS.split(" ").map((text) => {
  const [name = "", kind] = text.split(":");
  return kind === "state" ? stateConsumer(name) : eventConsumer(name);
});
await startConsumers({
  databaseUrl: settings.DATABASE_URL,
  consumers,
  log: createLogger("info", (line) => process.stderr.write(`${line}\n`)),
});
process.send?.({ consumer: "all", at: "after", revision: 0 } satisfies EffectMessage);
