import { type Action, actions } from "./actions.ts";

interface BuiltInRole {
  readonly description: string;
  readonly actions: readonly Action[];
}

/** The roles that every deployment has; docs/access.md describes them for operators. */
export const builtInRoles = {
  viewer: {
    description: "Reads entries, effective values, histories and differences.",
    actions: ["entries.read"],
  },
  editor: {
    description: "Reads and changes entries, rolls them back, and creates apps.",
    actions: ["entries.read", "entries.write", "apps.write"],
  },
  approver: {
    description: "Reads, and approves or rejects change requests.",
    actions: ["entries.read", "changes.approve"],
  },
  operator: {
    description:
      "Reads, operates rollouts, the kill switch and webhooks, redrives what is parked, and sees metrics.",
    actions: [
      "entries.read",
      "rollouts.operate",
      "outbox.redrive",
      "webhooks.read",
      "webhooks.write",
      "metrics.read",
    ],
  },
  auditor: {
    description: "Reads entries, the audit log, API keys, roles and webhooks.",
    actions: ["entries.read", "audit.read", "access.read", "webhooks.read"],
  },
  runtime: {
    description: "Leases job specs and reports their results.",
    actions: ["job-specs.lease"],
  },
  admin: { description: "May do everything.", actions },
} as const satisfies Record<string, BuiltInRole>;

/** Which actions each role has, custom ones included, by the role's name. */
export type RoleActions = ReadonlyMap<string, readonly Action[]>;

export const builtInRoleActions: RoleActions = new Map(
  Object.entries(builtInRoles).map(([name, role]) => [name, role.actions]),
);
