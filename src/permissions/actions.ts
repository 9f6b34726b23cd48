/** Everything that a key may be permitted to do. A role is a set of these. */
export const actions = [
  "entries.read",
  "entries.write",
  "apps.write",
  "environments.write",
  "changes.approve",
  "rollouts.operate",
  "outbox.redrive",
  "job-specs.lease",
  "webhooks.read",
  "webhooks.write",
  "audit.read",
  "metrics.read",
  "access.read",
  "access.write",
] as const;

export type Action = (typeof actions)[number];

/** What must be permitted for an action: what may not be read may not be written either. */
export const neededFor = (action: Action): readonly Action[] =>
  action === "entries.write" ? writeNeeds : [action];

const writeNeeds = ["entries.write", "entries.read"] as const;

/** What an action touches. A member that is absent stands for the whole: all apps, all keys. */
export interface Resource {
  readonly kind?: string | undefined;
  /** `''` is the scope that names no app. */
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
  readonly key?: string | undefined;
}
