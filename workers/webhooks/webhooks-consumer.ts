import type { KindRegistry } from "../../src/changes/kind.ts";
import type { EventConsumer } from "../../src/outbox/consumer.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { enqueueChanges } from "../../src/webhooks/deliveries/enqueue-changes.ts";

interface ConsumerOptions {
  readonly sql: Sql;
  readonly kinds: KindRegistry;
}

/** Writes what webhooks are owed of every change set. Sending is another's work. */
export const webhooksConsumer = ({ kinds, sql }: ConsumerOptions): EventConsumer => ({
  name: "webhooks",
  kind: "event",
  backoff: { baseMs: 200, maxMs: 60_000 },
  timeoutMs: 120_000,
  isUrgent: true,
  // Nothing outside the database is needed, so what fails this often would fail for ever.
  maxAttempts: 20,
  batchSize: 50,
  async deliver(rows) {
    await enqueueChanges(sql, kinds, rows);
  },
});
