import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  arbitraryAction,
  arbitraryEntry,
  arbitraryGrants,
  arbitraryResource,
  testRoleActions,
} from "../../test/helpers/arbitrary-grants.ts";
import { effort } from "../../test/helpers/effort.ts";
import { naiveMay } from "../../test/helpers/naive-permissions.ts";
import { permissionsOf } from "../../test/helpers/test-context.ts";
import { type Action, actions, type Resource } from "./actions.ts";
import { compilePermissions, type Permissions } from "./compile-permissions.ts";
import type { Grant } from "./grant.ts";

const runs = { numRuns: 1_400 * effort };

const several = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  fc.array(arbitrary, { maxLength: 100, size: "max" });

/** Counts both answers, so that a property cannot hold because one of them never comes. */
const countAnswers = () => {
  const counts = { permitted: 0, refused: 0 };
  return {
    note(permitted: boolean): void {
      counts[permitted ? "permitted" : "refused"] += 1;
    },
    expectBothCommon(): void {
      const cells = counts.permitted + counts.refused;
      expect(cells).toBeGreaterThanOrEqual(50_000);
      expect(counts.permitted / cells).toBeGreaterThan(0.1);
      expect(counts.refused / cells).toBeGreaterThan(0.1);
    },
  };
};

const full = (grants: readonly Grant[]) => compilePermissions(grants, testRoleActions);

describe("a decision", () => {
  it("is the plain model's, for entries and for what is not one entry", () => {
    const answers = countAnswers();
    const cells = several(fc.tuple(arbitraryAction, arbitraryResource));
    fc.assert(
      fc.property(arbitraryGrants, cells, (grants, asked) => {
        const permissions = full(grants);
        const wrong = asked.filter(([action, resource]) => {
          const expected = naiveMay(grants, testRoleActions, action, resource);
          answers.note(expected);
          return permissions.may(action, resource) !== expected;
        });
        expect(wrong).toEqual([]);
      }),
      runs,
    );
    answers.expectBothCommon();
  });

  it("is the same key by key for a whole document, which says truly when it is all or nothing", () => {
    const answers = countAnswers();
    const cells = several(fc.tuple(arbitraryAction, arbitraryEntry));
    fc.assert(
      fc.property(arbitraryGrants, cells, (grants, asked) => {
        const permissions = full(grants);
        const wrong = asked.filter(([action, { app, environment, key, kind }]) => {
          const entry = { kind, app, environment, key };
          const expected = naiveMay(grants, testRoleActions, action, entry);
          answers.note(expected);
          const filter = permissions.keys(action, kind, app, environment);
          if (filter.permits === "all" && !expected) return true;
          if (filter.permits === "none" && expected) return true;
          return filter.allows(key) !== expected;
        });
        expect(wrong).toEqual([]);
      }),
      runs,
    );
    answers.expectBothCommon();
  });

  it("does not depend on the order of the grants, nor on a grant that is there twice", () => {
    const cells = several(fc.tuple(arbitraryAction, arbitraryResource));
    fc.assert(
      fc.property(arbitraryGrants, cells, (grants, asked) => {
        const permissions = full(grants);
        const other = full([...grants, ...grants].toReversed());
        const decisions = asked.map(([action, resource]) => permissions.may(action, resource));
        expect(asked.map(([action, resource]) => other.may(action, resource))).toEqual(decisions);
      }),
      { numRuns: 100 * effort },
    );
  });

  it("stays the same past the number of scopes that are remembered", () => {
    const permissions = permissionsOf([
      { role: "viewer", effect: "allow", app: "app-*7", keys: ["a*"] },
    ]);
    const decide = (): boolean[] =>
      Array.from({ length: 1_000 }, (_, index) =>
        permissions.may("entries.read", {
          kind: "config",
          app: `app-${index}`,
          environment: "",
          key: "ab",
        }),
      );
    const expected = Array.from({ length: 1_000 }, (_, index) => index % 10 === 7);
    expect(decide()).toEqual(expected);
    expect(decide()).toEqual(expected);
  });

  it("gives documents one fingerprint only where the same keys are permitted", () => {
    fc.assert(
      fc.property(
        arbitraryGrants,
        arbitraryGrants,
        several(arbitraryEntry),
        (one, other, entries) => {
          const [first] = entries;
          if (first === undefined) return;
          const filters = [one, other].flatMap((grants) =>
            (["entries.read", "entries.write"] as const).map((action) =>
              full(grants).keys(action, first.kind, first.app, first.environment),
            ),
          );
          for (const { key } of entries) {
            const byFingerprint = new Map<string, boolean>();
            for (const filter of filters) {
              const allowed = filter.allows(key);
              expect(byFingerprint.get(filter.fingerprint) ?? allowed).toBe(allowed);
              byFingerprint.set(filter.fingerprint, allowed);
            }
          }
        },
      ),
      { numRuns: 200 * effort },
    );
  });
});

/** Whether what is said of everything leaves room for a decision that permits. */
const isWithinBounds = (
  permissions: Permissions,
  action: Action,
  { app, environment }: Resource,
): boolean => {
  const isOneOf = (names: readonly string[] | undefined, name: string | undefined): boolean =>
    names === undefined || (name !== undefined && names.includes(name));
  const isReading = action === "entries.read" || action === "entries.write";
  const isSeen = (name: string | undefined, sees: (name: string) => boolean): boolean =>
    !isReading || name === undefined || sees(name);
  return (
    permissions.mayAnywhere(action) &&
    isOneOf(permissions.onlyApps(action), app) &&
    isOneOf(permissions.onlyEnvironments(action), environment) &&
    isSeen(app, (name) => permissions.seesApp(name)) &&
    isSeen(environment, (name) => permissions.seesEnvironment(name))
  );
};

describe("what is said of everything", () => {
  it("bounds the decisions: nothing is permitted outside of it", () => {
    const answers = countAnswers();
    const cells = several(fc.tuple(arbitraryAction, arbitraryResource));
    fc.assert(
      fc.property(arbitraryGrants, cells, (grants, asked) => {
        const permissions = full(grants);
        const wrong = asked.filter(([action, resource]) => {
          const permitted = permissions.may(action, resource);
          answers.note(permitted);
          return permitted
            ? !isWithinBounds(permissions, action, resource)
            : permissions.mayEverywhere(action);
        });
        expect(wrong).toEqual([]);
      }),
      runs,
    );
    answers.expectBothCommon();
  });

  it("holds for every action of an administrator, and for none of somebody without a grant", () => {
    const administrator = permissionsOf([{ role: "admin", effect: "allow" }]);
    const nobody = permissionsOf([]);
    for (const action of actions) {
      expect(administrator.mayEverywhere(action)).toBe(true);
      expect(administrator.onlyApps(action)).toBeUndefined();
      expect(nobody.mayAnywhere(action)).toBe(false);
      expect(nobody.onlyApps(action)).toEqual([]);
      expect(nobody.onlyEnvironments(action)).toEqual([]);
    }
    expect(nobody.seesApp("pay")).toBe(false);
    expect(nobody.seesEnvironment("production")).toBe(false);
  });

  it("shows who may read one app in one environment just those", () => {
    const permissions = permissionsOf([
      { role: "viewer", effect: "allow", app: "pay", environment: "production", keys: ["db.*"] },
    ]);
    expect(["pay", "billing", ""].map((name) => permissions.seesApp(name))).toEqual([
      true,
      false,
      false,
    ]);
    expect(["production", "staging"].map((name) => permissions.seesEnvironment(name))).toEqual([
      true,
      false,
    ]);
    expect(permissions.onlyApps("entries.read")).toEqual(["pay"]);
    expect(permissions.onlyEnvironments("entries.read")).toEqual(["production"]);
    expect(permissions.mayEverywhere("entries.read")).toBe(false);
    expect(permissions.mayAnywhere("entries.write")).toBe(false);
  });

  it("hides an app by a deny of all that is in it, not by a deny of a part", () => {
    const all: Grant = { role: "viewer", effect: "allow" };
    const sees = (...denied: Omit<Grant, "role" | "effect">[]): boolean =>
      permissionsOf([
        all,
        ...denied.map((reach) => ({ role: "viewer", effect: "deny", ...reach }) as const),
      ]).seesApp("secrets");
    expect(sees({ app: "sec*" })).toBe(false);
    expect(sees({ app: "sec*", environment: "production" })).toBe(true);
    expect(sees({ app: "sec*", keys: ["a*"] })).toBe(true);
    expect(sees({ app: "other" })).toBe(true);
  });

  it("never calls writing permitted everywhere where something may not be read", () => {
    const write: Action = "entries.write";
    const entry = { kind: "config", app: "pay", environment: "production", key: "secret.a" };
    const denied: Grant = { role: "viewer", effect: "deny", keys: ["secret.*"] };
    const editor = permissionsOf([{ role: "admin", effect: "allow" }, denied]);
    expect(editor.may(write, entry)).toBe(false);
    expect(editor.mayEverywhere(write)).toBe(false);
    const writer = full([{ role: "writer", effect: "allow" }]);
    expect(writer.may(write, entry)).toBe(false);
    expect(writer.mayEverywhere(write)).toBe(false);
  });
});

describe("a role that is not known", () => {
  it("allows nothing, and denies everything that it reaches", () => {
    const all: Grant = { role: "admin", effect: "allow" };
    const entry = { kind: "config", app: "pay", environment: "production", key: "a" };
    const gone = permissionsOf([{ role: "gone", effect: "allow" }]);
    const denied = permissionsOf([all, { role: "gone", effect: "deny", app: "pay" }]);
    for (const action of actions) {
      expect(gone.may(action, entry)).toBe(false);
      expect(gone.mayAnywhere(action)).toBe(false);
      expect(denied.may(action, entry)).toBe(false);
      expect(denied.may(action, { ...entry, app: "billing" })).toBe(true);
    }
  });
});
