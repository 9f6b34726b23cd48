import * as fc from "fast-check";
import type { EntryName } from "../../../src/changes/state.ts";
import type { Grant } from "../../../src/permissions/grant.ts";
import { testRoleActions } from "../arbitrary-grants.ts";
import { naiveMatch, naiveMay } from "../naive-permissions.ts";
import { idOf } from "../store-model/model.ts";

type EntryAction = "entries.read" | "entries.write";

type Scope = Pick<EntryName, "app" | "environment">;

/** What somebody may do, told from their grants by plain sentences, entry by entry. */
export interface ModelReader extends fc.WithToStringMethod {
  readonly grants: readonly Grant[];
  sees(name: EntryName): boolean;
  writes(name: EntryName): boolean;
  /** Whether some grant allows the action somewhere, and none denies it for everything. */
  mayAnywhere(action: EntryAction): boolean;
  /** Whether, whatever keys there are, none or each of them may be read. */
  seesNoKeyOf(kind: string, scope: Scope): boolean;
  seesEveryKeyOf(kind: string, scope: Scope): boolean;
  /** Whether the app and the environment, where one is named, exist for the reader. */
  seesScope(scope: { readonly [Member in keyof Scope]?: Scope[Member] | undefined }): boolean;
}

export const modelReader = (grants: readonly Grant[]): ModelReader => {
  const decided = new Map<string, boolean>();
  const may = (action: EntryAction, name: EntryName): boolean => {
    const id = `${action}/${idOf(name)}`;
    const known = decided.get(id) ?? naiveMay(grants, testRoleActions, action, name);
    decided.set(id, known);
    return known;
  };
  const ofEffect = (effect: Grant["effect"], action: EntryAction): Grant[] =>
    grants.filter((grant) => grant.effect === effect && hasAction(grant, action));
  const inScope = (effect: Grant["effect"], kind: string, scope: Scope): Grant[] =>
    ofEffect(effect, "entries.read").filter((grant) => reaches(grant, kind, scope));
  const seesNoKeyOf: ModelReader["seesNoKeyOf"] = (kind, scope) =>
    inScope("allow", kind, scope).length === 0 || inScope("deny", kind, scope).some(isForEveryKey);
  const seesName = (member: "app" | "environment", name: string): boolean => {
    const isReached = (grant: Grant): boolean =>
      grant[member] === undefined || naiveMatch(grant[member], name);
    const isWhole = (grant: Grant): boolean => restrictions(grant).every((one) => one === member);
    return (
      ofEffect("allow", "entries.read").some(isReached) &&
      !ofEffect("deny", "entries.read").some((grant) => isReached(grant) && isWhole(grant))
    );
  };
  return {
    [fc.toStringMethod]: () => JSON.stringify(grants),
    grants,
    sees: (name) => may("entries.read", name),
    writes: (name) => may("entries.write", name),
    mayAnywhere: (action) =>
      ofEffect("allow", action).length > 0 &&
      ofEffect("deny", action).every((grant) => restrictions(grant).length > 0),
    seesNoKeyOf,
    seesEveryKeyOf: (kind, scope) =>
      inScope("allow", kind, scope).some(isForEveryKey) &&
      inScope("deny", kind, scope).length === 0,
    seesScope: ({ app, environment }) =>
      (!app || seesName("app", app)) && (!environment || seesName("environment", environment)),
  };
};

/** A role that is not known allows nothing and denies everything. */
const hasAction = ({ effect, role }: Grant, action: EntryAction): boolean =>
  testRoleActions.get(role)?.includes(action) ?? effect === "deny";

const reaches = (grant: Grant, kind: string, { app, environment }: Scope): boolean =>
  (grant.app === undefined || naiveMatch(grant.app, app)) &&
  (grant.environment === undefined || naiveMatch(grant.environment, environment)) &&
  (grant.kinds === undefined || grant.kinds.includes(kind));

const isForEveryKey = ({ keys }: Grant): boolean => keys === undefined || keys.includes("*");

const restrictions = (grant: Grant): string[] =>
  Object.keys(grant).filter((member) => member !== "role" && member !== "effect");
