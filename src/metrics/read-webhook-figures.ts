import type { Ctx } from "../context.ts";
import type { Figure } from "../platform/metrics.ts";
import { replacePool } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { latencyBucketsSeconds } from "../webhooks/deliveries/latency-buckets.ts";
import {
  type DeliveryFigures,
  type LaneFigures,
  readDeliveryFigures,
} from "../webhooks/deliveries/read-delivery-figures.ts";

const timeoutMs = 2_000;

/** With more webhooks than this, times are told of all together. */
const maxLabelled = 100;

/** How sending to webhooks goes, by all processes together; nothing while PostgreSQL is away. */
export const readWebhookFigures = async ({ sql }: Pick<Ctx, "sql">): Promise<Figure[]> => {
  try {
    return figuresOf(
      await withDeadline(readDeliveryFigures(sql), timeoutMs, () => replacePool(sql)),
    );
  } catch {
    return [];
  }
};

const figuresOf = ({ lanes, oldestSeconds, parked }: DeliveryFigures): Figure[] => [
  ...outcomes(lanes),
  {
    name: "fairlead_webhook_deliveries_parked",
    help: "Deliveries that are tried no more until somebody has them sent again",
    value: parked,
  },
  {
    name: "fairlead_webhook_oldest_undelivered_seconds",
    help: "For how long the oldest is owed that is neither delivered nor parked",
    value: oldestSeconds,
  },
  ...(lanes.length > maxLabelled
    ? latencies(together(lanes), "all")
    : lanes.flatMap((lane) => latencies(lane, lane.webhookId))),
];

const outcomes = (lanes: readonly LaneFigures[]): Figure[] =>
  (["delivered", "failed", "interrupted"] as const).map((outcome) => ({
    name: "fairlead_webhook_attempts_total",
    help: "Attempts to deliver, by how they ended",
    value: lanes.reduce((sum, lane) => sum + lane[outcome], 0),
    labels: { outcome },
    isCounter: true,
  }));

type Latency = Pick<LaneFigures, "latencyCounts" | "latencySeconds">;

const together = (lanes: readonly LaneFigures[]): Latency => ({
  latencyCounts: [...latencyBucketsSeconds, 0].map((_, bucket) =>
    lanes.reduce((sum, { latencyCounts }) => sum + (latencyCounts[bucket] ?? 0), 0),
  ),
  latencySeconds: lanes.reduce((sum, lane) => sum + lane.latencySeconds, 0),
});

/** A histogram as Prometheus has it: every bucket holds those before it. */
const latencies = ({ latencyCounts, latencySeconds }: Latency, webhook: string): Figure[] => {
  const labels = { webhook };
  const name = "fairlead_webhook_attempt_seconds";
  const help = "Time of attempts that came to an end";
  let count = 0;
  const buckets = [...latencyBucketsSeconds, "+Inf"].map((bound, bucket) => {
    count += latencyCounts[bucket] ?? 0;
    const le = String(bound);
    return {
      name: `${name}_bucket`,
      help,
      value: count,
      labels: { ...labels, le },
      isCounter: true,
    };
  });
  return [
    ...buckets,
    { name: `${name}_sum`, help, value: latencySeconds, labels, isCounter: true },
    { name: `${name}_count`, help, value: count, labels, isCounter: true },
  ];
};
