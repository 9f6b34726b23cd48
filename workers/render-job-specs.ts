import { jobSpecsConsumer } from "../src/job-specs/rendering/consumer-name.ts";
import { renderJobSpecs } from "../src/job-specs/rendering/render-job-specs.ts";
import type { StateConsumer } from "../src/outbox/consumer.ts";

/** Renders the job specs that a change touches, as soon as it is committed. */
export const renderingConsumer = (): StateConsumer => ({
  name: jobSpecsConsumer,
  kind: "state",
  backoff: { baseMs: 200, maxMs: 5_000 },
  // A first rendering goes on where it was cut off.
  timeoutMs: 600_000,
  isUrgent: true,
  bring: renderJobSpecs,
});
