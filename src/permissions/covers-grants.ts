import { type Action, actions, neededFor } from "./actions.ts";
import { coversReach, type Grant, type Reach, reachesOverlap } from "./grant.ts";
import type { RoleActions } from "./roles.ts";

/**
 * The grants of `given` that permit something which `held` does not: nobody can give what they do
 * not have. Errs towards refusing: one allowed grant must cover another as a whole, and what a deny
 * of `held` may take away must be denied by `given` as widely.
 */
export const grantsBeyond = (
  held: readonly Grant[],
  given: readonly Grant[],
  roleActions: RoleActions,
): Grant[] => {
  const actionsOf = ({ effect, role }: Grant): readonly Action[] =>
    roleActions.get(role) ?? (effect === "deny" ? actions : []);
  const reachesOf = (grants: readonly Grant[], effect: Grant["effect"], action: Action): Reach[] =>
    grants.filter((grant) => grant.effect === effect && actionsOf(grant).includes(action));

  const exceeds = (grant: Grant, action: Action): boolean =>
    neededFor(action).some((one) => {
      if (!reachesOf(held, "allow", one).some((reach) => coversReach(reach, grant))) return true;
      const kept = [...reachesOf(given, "deny", action), ...reachesOf(given, "deny", one)];
      return reachesOf(held, "deny", one).some(
        (denied) =>
          reachesOverlap(denied, grant) && !kept.some((reach) => coversReach(reach, denied)),
      );
    });
  return given.filter(
    (grant) =>
      grant.effect === "allow" && actionsOf(grant).some((action) => exceeds(grant, action)),
  );
};
