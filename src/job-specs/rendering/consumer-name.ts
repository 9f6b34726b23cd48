/** The consumer of the outbox that renders. */
export const jobSpecsConsumer = "job-specs";
