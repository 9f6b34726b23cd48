import { scopeName } from "../scope.ts";
import type { Webhook } from "../webhook-shapes.ts";

/** `enabled`, or why it is not: `disabled (gone)`. */
export const webhookState = ({ disabledReason, enabled }: Webhook): string =>
  enabled ? "enabled" : `disabled (${disabledReason ?? "unknown"})`;

/** What it concerns; without an app and an environment that is everything, not the global layer alone. */
export const webhookScope = ({ app, environment }: Webhook): string =>
  app == null && environment == null ? "all" : scopeName({ app, environment });
