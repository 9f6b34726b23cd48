import type { Ctx } from "../context.ts";
import { type ConsumerStatus, readConsumers } from "../outbox/read-consumers.ts";
import type { Figure } from "../platform/metrics.ts";
import { replacePool } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";

/** Who scrapes gives up after ten seconds; what a process knows by itself is told all the same. */
const timeoutMs = 2_000;

/** How far the outbox's consumers are; nothing of them while PostgreSQL is away. */
export const readConsumerFigures = async ({ sql }: Pick<Ctx, "sql">): Promise<Figure[]> => {
  try {
    const consumers = await withDeadline(readConsumers(sql), timeoutMs, () => replacePool(sql));
    return [known(1), ...consumers.flatMap(figuresOf)];
  } catch {
    return [known(0)];
  }
};

const known = (value: number): Figure => ({
  name: "fairlead_consumers_known",
  help: "Whether PostgreSQL could be asked for the consumers below",
  value,
});

const figuresOf = ({
  attempts,
  heldBy,
  lagRevisions,
  lagSeconds,
  name,
  parked,
}: ConsumerStatus): Figure[] => {
  const labels = { consumer: name };
  return [
    {
      name: "fairlead_consumer_lag_revisions",
      help: "Revisions that a consumer has not brought to effect",
      value: lagRevisions,
      labels,
    },
    {
      name: "fairlead_consumer_lag_seconds",
      help: "For how long the first of them waits",
      value: lagSeconds,
      labels,
    },
    { name: "fairlead_consumer_parked", help: "Events that it has parked", value: parked, labels },
    {
      name: "fairlead_consumer_failures",
      help: "Failures in a row at its cursor",
      value: attempts,
      labels,
    },
    {
      name: "fairlead_consumer_held",
      help: "Whether a worker drains it at this moment",
      value: heldBy === null ? 0 : 1,
      labels,
    },
  ];
};
