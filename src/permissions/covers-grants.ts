import { type Action, actions } from "./actions.ts";
import { coversReach, type Grant, reachesOverlap, type Spend } from "./grant.ts";
import type { RoleActions } from "./roles.ts";

/** Some tenths of a second. What is not compared by then counts as beyond: nobody gives so much. */
const maxComparisons = 1_000_000;

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
  let left = maxComparisons;
  const spend: Spend = (comparisons) => {
    left -= comparisons;
    return left >= 0;
  };
  const actionsOf = ({ effect, role }: Grant): readonly Action[] =>
    roleActions.get(role) ?? (effect === "deny" ? actions : []);
  const allowed = ofEffect(held, "allow");
  const denied = ofEffect(held, "deny").map((grant) => ({
    grant,
    actions: actionsOf(grant),
    /** What is denied as widely by what is given. */
    keptActions: new Set(
      ofEffect(given, "deny")
        .filter((kept) => coversReach(kept, grant, spend))
        .flatMap(actionsOf),
    ),
  }));

  const isHeld = (grant: Grant): boolean => {
    const missing = new Set(actionsOf(grant));
    for (const one of allowed) {
      if (missing.size === 0) break;
      const found = actionsOf(one).filter((action) => missing.has(action));
      if (found.length === 0 || !coversReach(one, grant, spend)) continue;
      for (const action of found) missing.delete(action);
    }
    return missing.size === 0;
  };

  const evadesDeny = (grant: Grant): boolean =>
    denied.some(({ actions: taken, grant: deny, keptActions }) => {
      const isLost = (action: Action): boolean =>
        taken.includes(action) && !keptActions.has(action);
      return actionsOf(grant).some(isLost) && reachesOverlap(deny, grant, spend);
    });

  return ofEffect(given, "allow").filter((grant) => !isHeld(grant) || evadesDeny(grant));
};

const ofEffect = (grants: readonly Grant[], effect: Grant["effect"]): Grant[] =>
  grants.filter((grant) => grant.effect === effect);
