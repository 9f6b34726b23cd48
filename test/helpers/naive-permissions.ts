import type { Action, Resource } from "../../src/permissions/actions.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import type { RoleActions } from "../../src/permissions/roles.ts";

/** Whether a name fits a pattern, tried out letter by letter. */
export const naiveMatch = (pattern: string, name: string): boolean => {
  /** Where a star was tried in vain: the same rests meet again and again where there are many. */
  const failed = new Set<number>();
  const fits = (p: number, n: number): boolean => {
    const letter = pattern[p];
    if (letter === undefined) return n === name.length;
    if (letter !== "*") return letter === name[n] && fits(p + 1, n + 1);
    const id = p * (name.length + 1) + n;
    if (failed.has(id)) return false;
    if (fits(p + 1, n) || (n < name.length && fits(p, n + 1))) return true;
    failed.add(id);
    return false;
  };
  return name !== "" && fits(0, 0);
};

/**
 * Whether an action is permitted, by the sentence that defines it: some allow grant whose role has the
 * action matches, no such deny grant does, and who may write an entry may also read it. A role that is
 * not known allows nothing and denies everything.
 */
export const naiveMay = (
  grants: readonly Grant[],
  roleActions: RoleActions,
  action: Action,
  resource: Resource,
): boolean => {
  const applies = (grant: Grant): boolean =>
    hasAction(grant, roleActions, action) && matchesResource(grant, resource);
  const allowed = grants.some((grant) => grant.effect === "allow" && applies(grant));
  const denied = grants.some((grant) => grant.effect === "deny" && applies(grant));
  if (!allowed || denied) return false;
  return action !== "entries.write" || naiveMay(grants, roleActions, "entries.read", resource);
};

const hasAction = (grant: Grant, roleActions: RoleActions, action: Action): boolean => {
  const known = roleActions.get(grant.role);
  if (known === undefined) return grant.effect === "deny";
  return known.includes(action);
};

const matchesResource = (grant: Grant, { app, environment, key, kind }: Resource): boolean => {
  if (grant.app !== undefined && (app === undefined || !naiveMatch(grant.app, app))) return false;
  if (grant.environment !== undefined) {
    if (environment === undefined || !naiveMatch(grant.environment, environment)) return false;
  }
  if (grant.kinds !== undefined && (kind === undefined || !grant.kinds.includes(kind)))
    return false;
  if (grant.keys === undefined) return true;
  return key !== undefined && grant.keys.some((pattern) => naiveMatch(pattern, key));
};
