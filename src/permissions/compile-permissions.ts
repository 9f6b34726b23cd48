import { type Action, neededFor, type Resource } from "./actions.ts";
import { type CompiledReach, compileReach, type Grant, type Reach } from "./grant.ts";
import { bothPermit, compileKeyFilter, type KeyFilter } from "./key-filter.ts";
import type { RoleActions } from "./roles.ts";

/** What somebody's grants come to, compiled once and asked many times. */
export interface Permissions {
  readonly grants: readonly Grant[];
  /** The one decision. Deny wins, and what may not be read may not be written either. */
  may(action: Action, resource: Resource): boolean;
  /** Whether there is any part of the configuration where the action may be permitted. */
  mayAnywhere(action: Action): boolean;
  /** Whether the action is permitted for everything there is and will be. */
  mayEverywhere(action: Action): boolean;
  /** Which keys of a scope the action is permitted for: for whole documents, in one pass. */
  keys(action: Action, kind: string, app: string, environment: string): KeyFilter;
  /** Whether an app or environment exists for somebody who only sees what they may read. */
  seesApp(name: string): boolean;
  seesEnvironment(name: string): boolean;
  /** The only names that the action can be permitted for; undefined where they cannot be listed. */
  onlyApps(action: Action): readonly string[] | undefined;
  onlyEnvironments(action: Action): readonly string[] | undefined;
}

interface Rules {
  readonly allow: readonly CompiledReach[];
  readonly deny: readonly CompiledReach[];
}

/** Scopes whose filters are kept: a client reads a few, an administrator's are cheap to make. */
const maxFilters = 256;

/** A role that is not known allows nothing, and denies everything. */
export const compilePermissions = (
  grants: readonly Grant[],
  roleActions: RoleActions,
): Permissions => {
  const rulesFor = compileRules(grants, roleActions);
  const filters = new Map<string, KeyFilter>();

  const keys: Permissions["keys"] = (action, kind, app, environment) => {
    // Names hold no "/", so it separates them without doubt.
    const id = `${action}/${kind}/${app}/${environment}`;
    const known = filters.get(id);
    if (known !== undefined) return known;
    const filter = neededFor(action)
      .map((needed) => filterOf(rulesFor(needed), kind, app, environment))
      .reduce(bothPermit);
    if (filters.size >= maxFilters) filters.clear();
    filters.set(id, filter);
    return filter;
  };

  const may: Permissions["may"] = (action, resource) => {
    const { app, environment, key, kind } = resource;
    return kind !== undefined && app !== undefined && environment !== undefined && key !== undefined
      ? keys(action, kind, app, environment).allows(key)
      : neededFor(action).every((needed) => mayWhole(rulesFor(needed), resource));
  };

  return {
    grants,
    keys,
    may,
    mayAnywhere: (action) =>
      rulesFor(action).allow.length > 0 && !deniesEverything(rulesFor(action)),
    mayEverywhere: (action) =>
      neededFor(action).every(
        (needed) =>
          rulesFor(needed).deny.length === 0 &&
          rulesFor(needed).allow.some(({ reach }) => isWhole(reach)),
      ),
    seesApp: (name) => sees(rulesFor("entries.read"), "app", name),
    seesEnvironment: (name) => sees(rulesFor("entries.read"), "environment", name),
    onlyApps: (action) => literalNames(rulesFor(action).allow.map(({ reach }) => reach.app)),
    onlyEnvironments: (action) =>
      literalNames(rulesFor(action).allow.map(({ reach }) => reach.environment)),
  };
};

/** Made when it is first asked for: most keys use one or two actions. */
const compileRules = (
  grants: readonly Grant[],
  roleActions: RoleActions,
): ((action: Action) => Rules) => {
  const rulesByAction = new Map<Action, Rules>();
  return (action) => {
    const known = rulesByAction.get(action);
    if (known !== undefined) return known;
    const rules = rulesOf(grants, roleActions, action);
    rulesByAction.set(action, rules);
    return rules;
  };
};

const rulesOf = (grants: readonly Grant[], roleActions: RoleActions, action: Action): Rules => {
  const reachesOf = (effect: Grant["effect"]): CompiledReach[] =>
    grants
      .filter((grant) => grant.effect === effect && hasAction(grant, roleActions, action))
      .map(compileReach);
  return { allow: reachesOf("allow"), deny: reachesOf("deny") };
};

const hasAction = ({ effect, role }: Grant, roleActions: RoleActions, action: Action): boolean =>
  roleActions.get(role)?.includes(action) ?? effect === "deny";

const filterOf = (
  { allow, deny }: Rules,
  kind: string,
  app: string,
  environment: string,
): KeyFilter => {
  const keysOf = (rules: readonly CompiledReach[]) =>
    rules.filter((rule) => rule.holdsScope(kind, app, environment)).map(({ reach }) => reach.keys);
  return compileKeyFilter(keysOf(allow), keysOf(deny));
};

/** For what is not one entry: only a rule that does not restrict what is absent holds it. */
const mayWhole = ({ allow, deny }: Rules, { app, environment, key, kind }: Resource): boolean => {
  const holdsKey = ({ keys }: Reach): boolean =>
    keys === undefined || (key !== undefined && compileKeyFilter([keys], []).allows(key));
  const holds = (rule: CompiledReach): boolean =>
    rule.holdsScope(kind, app, environment) && holdsKey(rule.reach);
  return allow.some(holds) && !deny.some(holds);
};

/** A deny hides an app or environment only where it denies everything in it. */
const sees = ({ allow, deny }: Rules, dimension: "app" | "environment", name: string): boolean => {
  const holds = (rule: CompiledReach): boolean =>
    dimension === "app" ? rule.holdsApp(name) : rule.holdsEnvironment(name);
  return (
    allow.some(holds) &&
    !deny.some((rule) => holds(rule) && isWhole({ ...rule.reach, [dimension]: undefined }))
  );
};

const deniesEverything = ({ deny }: Rules): boolean => deny.some(({ reach }) => isWhole(reach));

const isWhole = ({
  app,
  environment,
  keys,
  kinds,
}: { [Name in keyof Grant]?: Grant[Name] | undefined }): boolean =>
  app === undefined && environment === undefined && keys === undefined && kinds === undefined;

const literalNames = (patterns: readonly (string | undefined)[]): readonly string[] | undefined => {
  const names = new Set<string>();
  for (const pattern of patterns) {
    if (pattern === undefined || pattern.includes("*")) return undefined;
    names.add(pattern);
  }
  return [...names];
};
