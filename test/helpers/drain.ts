import type { EventConsumer, StateConsumer } from "../../src/outbox/consumer.ts";
import type { DrainCounts } from "../../src/outbox/drain.ts";
import { drainOnce } from "../../src/outbox/drain-once.ts";
import { registerConsumers } from "../../src/outbox/register-consumers.ts";
import { createLogger } from "../../src/platform/log.ts";
import type { Sql } from "../../src/platform/sql.ts";

const traits = {
  backoff: { baseMs: 0, maxMs: 0 },
  timeoutMs: 60_000,
  isUrgent: true,
} as const;

/** An event consumer that may be tried again at once, unless a test says otherwise. */
export const eventConsumer = (
  name: string,
  deliver: EventConsumer["deliver"],
  more: Partial<EventConsumer> = {},
): EventConsumer => ({
  ...traits,
  name,
  kind: "event",
  maxAttempts: 3,
  batchSize: 10,
  deliver,
  ...more,
});

export const stateConsumer = (
  name: string,
  bring: StateConsumer["bring"],
  more: Partial<StateConsumer> = {},
): StateConsumer => ({ ...traits, name, kind: "state", bring, ...more });

/** Registers the consumer where it is new, and drains it as a process with this name. */
export const drain = async (
  sql: Sql,
  consumer: EventConsumer | StateConsumer,
  holder = "one",
): Promise<DrainCounts> => {
  await registerConsumers(sql, [consumer]);
  return drainOnce({
    sql,
    consumer,
    holder,
    log: createLogger("error", () => {}),
    signal: new AbortController().signal,
    leaseMs: 60_000,
  });
};

export interface ConsumerState {
  readonly epoch: string;
  readonly revision: number;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly fence: number;
  readonly holder: string | null;
}

export const consumerState = async (sql: Sql, name: string): Promise<ConsumerState> => {
  const [row] = await sql<ConsumerState[]>`
    select
      epoch, revision, attempts, last_error as "lastError", fence, lease_holder as holder
    from fairlead.consumers where name = ${name}`;
  if (row === undefined) throw new Error(`${name} is not registered`);
  return row;
};

/** What the holder of a lease cannot notice: that its time is over. */
export const expireLease = (sql: Sql, name: string): Promise<unknown> =>
  sql`
    update fairlead.consumers set lease_expires_at = clock_timestamp()
    where name = ${name} and lease_expires_at is not null`.execute();

export const parkedRevisions = async (sql: Sql, name: string): Promise<number[]> => {
  const rows = await sql<{ revision: number }[]>`
    select revision from fairlead.parked_events where consumer = ${name} order by revision`;
  return rows.map(({ revision }) => revision);
};
