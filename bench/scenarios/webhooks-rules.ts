import ipaddr from "ipaddr.js";
import type { OutboundRules } from "../../src/webhooks/outbound/rules.ts";

/** Receivers of the bench are on this machine. */
export const loopbackRules: OutboundRules = {
  allowPrivate: [ipaddr.parseCIDR("127.0.0.0/8")],
  ports: [443],
};
