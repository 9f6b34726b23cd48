import type { Identity } from "../../context.ts";
import { compilePermissions } from "../../permissions/compile-permissions.ts";
import { builtInRoleActions } from "../../permissions/roles.ts";

export const bootstrapId = "bootstrap-admin";

const noDefaults = { app: "", environment: "" } as const;

/** Who presents no key. */
export const anonymous: Identity = {
  actor: { type: "anonymous", id: "anonymous" },
  authentication: "none",
  name: "anonymous",
  permissions: compilePermissions([], builtInRoleActions),
  defaults: noDefaults,
  expiresAt: null,
};
