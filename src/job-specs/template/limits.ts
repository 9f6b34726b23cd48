/** What a template and its result may be at most; docs/job-specs.md tells of them. */
export const templateLimits = {
  outputBytes: 1024 * 1024,
  /** Maps and lists inside one another, of the template and of the result. */
  depth: 64,
  steps: 100_000,
  nestedLoops: 4,
  /** Keys of configuration that a template names. */
  configKeys: 1_000,
} as const;

/** Names that a path may begin with, beside those bound by loops. */
export const rootNames = ["attestation", "assessment", "components", "controls", "config"] as const;

export type RootName = (typeof rootNames)[number];
