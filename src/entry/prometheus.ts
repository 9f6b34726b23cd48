import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Figure, Metrics } from "../platform/metrics.ts";

/** From what memory answers to what waits for the database. */
const bucketsSeconds = [
  0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
  2.5, 5, 10,
];

/** Measurements of a long-lived process, as Prometheus reads them. */
export const createPrometheus = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "fairlead_http_request_seconds",
    help: "Time to answer a request, by operation and status",
    labelNames: ["operation", "status"],
    buckets: bucketsSeconds,
    registers: [registry],
  });
  /** Looked up by two texts at every request, where prom-client would hash an object. */
  const meters = new Map<string, Map<number, Histogram.Internal<string>>>();
  const figures = new Map<string, Gauge | Counter>();

  const meterOf = (operation: string, status: number): Histogram.Internal<string> => {
    const known = meters.get(operation)?.get(status);
    if (known !== undefined) return known;
    const made = requests.labels({ operation, status: String(status) });
    const byStatus = meters.get(operation) ?? new Map<number, Histogram.Internal<string>>();
    meters.set(operation, byStatus.set(status, made));
    return made;
  };

  const show = ({ help, isCounter = false, labels = {}, name, value }: Figure): void => {
    const options = { name, help, labelNames: Object.keys(labels), registers: [registry] };
    const known = figures.get(name) ?? (isCounter ? new Counter(options) : new Gauge(options));
    figures.set(name, known);
    if (known instanceof Gauge) known.set(labels, value);
    else known.inc(labels, value);
  };

  return {
    observeRequest: (operation, status, seconds) => meterOf(operation, status).observe(seconds),
    render(current) {
      // A label that is no longer there must not keep its last value.
      for (const figure of figures.values()) figure.reset();
      for (const figure of current) show(figure);
      return registry.metrics();
    },
  };
};
