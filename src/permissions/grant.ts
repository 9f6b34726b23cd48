import { compilePattern, coversPattern, mayOverlap } from "./pattern.ts";

/** Binds a role to a part of the configuration. What is absent is not restricted. */
export interface Grant {
  readonly role: string;
  /** A deny takes the role's actions away, whatever else allows them. */
  readonly effect: "allow" | "deny";
  /** Patterns; without one every scope is meant, with `*` every scope that names one. */
  readonly app?: string;
  readonly environment?: string;
  readonly kinds?: readonly string[];
  /** Patterns, any of which may match. */
  readonly keys?: readonly string[];
}

/** The part of the configuration that a grant is bound to. */
export type Reach = Pick<Grant, "app" | "environment" | "kinds" | "keys">;

/** Takes so many comparisons of patterns from what may be spent; false where they are too many. */
export type Spend = (comparisons: number) => boolean;

/**
 * Whether `outer` holds everything that `inner` does. May say no where several patterns together
 * would, and does where that is too much to find out.
 */
export const coversReach = (outer: Reach, inner: Reach, spend: Spend): boolean =>
  spend(1) &&
  coversName(outer.app, inner.app) &&
  coversName(outer.environment, inner.environment) &&
  coversAll(outer.kinds, inner.kinds, (one, other) => one === other) &&
  spend(keyPairs(outer, inner)) &&
  coversAll(outer.keys, inner.keys, coversPattern);

const keyPairs = (one: Reach, other: Reach): number =>
  (one.keys?.length ?? 0) * (other.keys?.length ?? 0);

const coversName = (outer: string | undefined, inner: string | undefined): boolean =>
  outer === undefined || (inner !== undefined && coversPattern(outer, inner));

const coversAll = (
  outer: readonly string[] | undefined,
  inner: readonly string[] | undefined,
  covers: (outer: string, inner: string) => boolean,
): boolean =>
  outer === undefined ||
  (inner !== undefined && inner.every((one) => outer.some((other) => covers(other, one))));

/** Whether something may be in both. Errs towards yes. */
export const reachesOverlap = (one: Reach, other: Reach, spend: Spend): boolean =>
  !spend(1) ||
  (namesOverlap(one.app, other.app) &&
    namesOverlap(one.environment, other.environment) &&
    anyOverlap(one.kinds, other.kinds, (a, b) => a === b) &&
    (!spend(keyPairs(one, other)) || anyOverlap(one.keys, other.keys, mayOverlap)));

const namesOverlap = (one: string | undefined, other: string | undefined): boolean =>
  one === undefined || other === undefined || mayOverlap(one, other);

const anyOverlap = (
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
  overlap: (one: string, other: string) => boolean,
): boolean =>
  one === undefined || other === undefined || one.some((a) => other.some((b) => overlap(a, b)));

/** A reach whose scope can be tested without looking at its patterns again. */
export interface CompiledReach {
  readonly reach: Reach;
  /** undefined stands for the whole: only a reach without a restriction holds that. */
  holdsScope(
    kind: string | undefined,
    app: string | undefined,
    environment: string | undefined,
  ): boolean;
  holdsApp(app: string): boolean;
  holdsEnvironment(environment: string): boolean;
}

const holds = (test: ((name: string) => boolean) | undefined, name: string | undefined): boolean =>
  test === undefined || (name !== undefined && test(name));

export const compileReach = (reach: Reach): CompiledReach => {
  const isApp = reach.app === undefined ? undefined : compilePattern(reach.app);
  const isEnvironment =
    reach.environment === undefined ? undefined : compilePattern(reach.environment);
  const kinds = reach.kinds === undefined ? undefined : new Set(reach.kinds);
  return {
    reach,
    holdsScope: (kind, app, environment) =>
      holds(isApp, app) &&
      holds(isEnvironment, environment) &&
      (kinds === undefined || (kind !== undefined && kinds.has(kind))),
    holdsApp: (app) => holds(isApp, app),
    holdsEnvironment: (environment) => holds(isEnvironment, environment),
  };
};
