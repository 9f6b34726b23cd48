import type { Network } from "../../platform/networks.ts";
import type { Settings } from "../../platform/settings.ts";

/** What an operator lets webhooks call, beyond public addresses over https. */
export interface OutboundRules {
  /** Networks inside that may be called, over http and on any port too. */
  readonly allowPrivate: readonly Network[];
  readonly ports: readonly number[];
}

export const outboundRules = (
  settings: Pick<Settings, "webhookAllowPrivate" | "webhookPorts">,
): OutboundRules => ({
  allowPrivate: settings.webhookAllowPrivate ?? [],
  ports: settings.webhookPorts,
});
