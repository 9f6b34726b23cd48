import type { Ctx } from "../../context.ts";
import { grantsBeyond } from "../../permissions/covers-grants.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { RoleActions } from "../../permissions/roles.ts";

/** Whether somebody may see and revoke a key: one that they could have made, or their own. */
export const managesKey = (
  { actor, permissions }: Ctx,
  key: { readonly id: string; readonly grants: readonly Grant[] },
  roleActions: RoleActions,
): boolean =>
  key.id === actor.id ||
  permissions.mayEverywhere("access.read") ||
  // What a role that is gone permitted is not known any more.
  (key.grants.every(({ role }) => roleActions.has(role)) &&
    grantsBeyond(permissions.grants, key.grants, roleActions).length === 0);
