/** One number as it is at the moment. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
  /** A counter only grows while the process lives; by default a figure is a gauge. */
  readonly isCounter?: boolean;
}

/** Where measurements go; each runtime brings its own. */
export interface Metrics {
  /** @param seconds from the request's arrival at its route to its answer */
  observeRequest(operation: string, status: number, seconds: number): void;
  /** Everything in Prometheus' text format; undefined where there is nothing to show. */
  render(figures: readonly Figure[]): Promise<string | undefined>;
}

export const noMetrics: Metrics = {
  observeRequest: () => {},
  render: async () => undefined,
};
