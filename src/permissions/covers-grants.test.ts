import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  arbitraryAction,
  arbitraryGrant,
  arbitraryGrants,
  arbitraryResource,
  testRoleActions,
} from "../../test/helpers/arbitrary-grants.ts";
import { effort } from "../../test/helpers/effort.ts";
import { naiveMay } from "../../test/helpers/naive-permissions.ts";
import { grantsBeyond } from "./covers-grants.ts";
import type { Grant } from "./grant.ts";
import { builtInRoleActions } from "./roles.ts";

const allow = (role: string, reach: Omit<Grant, "role" | "effect"> = {}): Grant => ({
  role,
  effect: "allow",
  ...reach,
});
const deny = (role: string, reach: Omit<Grant, "role" | "effect"> = {}): Grant => ({
  role,
  effect: "deny",
  ...reach,
});

/** What somebody might want to give: their own grants, narrower ones and others. */
const arbitraryGiven = (held: readonly Grant[]): fc.Arbitrary<Grant[]> => {
  const own = held.length === 0 ? arbitraryGrant : fc.constantFrom(...held);
  const narrowed = fc
    .tuple(own, arbitraryGrant, fc.constantFrom("app", "environment", "kinds", "keys", "role"))
    .map(
      ([grant, other, member]): Grant =>
        other[member] === undefined ? grant : { ...grant, [member]: other[member] },
    );
  return fc.array(
    fc.oneof(
      { weight: 2, arbitrary: own },
      { weight: 3, arbitrary: narrowed },
      { weight: 1, arbitrary: arbitraryGrant },
    ),
    { maxLength: 6 },
  );
};

/** Somebody with much to give: restricted in one way at most, and by what is denied. */
const arbitraryHeld = fc
  .tuple(
    arbitraryGrant,
    fc.constantFrom("admin", "editor"),
    fc.constantFrom("app", "environment", "kinds", "keys"),
    arbitraryGrants,
  )
  .map(([grant, role, member, more]) => [
    allow(role, grant[member] === undefined ? {} : { [member]: grant[member] }),
    ...more,
  ]);

const arbitraryCase = arbitraryHeld.chain((held) =>
  fc.tuple(
    fc.constant(held),
    arbitraryGiven(held),
    fc.array(fc.tuple(arbitraryAction, arbitraryResource), { maxLength: 100, size: "max" }),
  ),
);

describe("grants that are accepted", () => {
  it("permit nothing that their giver is not permitted", () => {
    const counts = { cells: 0, permitted: 0, held: 0, prevented: 0 };
    fc.assert(
      fc.property(arbitraryCase, ([held, given, cells]) => {
        const beyond = grantsBeyond(held, given, testRoleActions);
        const accepted = given.filter((grant) => !beyond.includes(grant));
        expect(grantsBeyond(held, accepted, testRoleActions)).toEqual([]);
        const grown = cells.filter(([action, resource]) => {
          const may = (grants: readonly Grant[]): boolean =>
            naiveMay(grants, testRoleActions, action, resource);
          counts.cells += 1;
          if (may(held)) counts.held += 1;
          else if (may(given)) counts.prevented += 1;
          if (!may(accepted)) return false;
          counts.permitted += 1;
          return !may(held);
        });
        expect(grown).toEqual([]);
      }),
      { numRuns: 1_500 * effort },
    );
    // Both answers are common, much of what is held is given on, and growth was really tried.
    expect(counts.cells).toBeGreaterThanOrEqual(50_000);
    expect(counts.permitted / counts.cells).toBeGreaterThan(0.1);
    expect(1 - counts.permitted / counts.cells).toBeGreaterThan(0.1);
    expect(counts.permitted / counts.held).toBeGreaterThan(0.2);
    expect(counts.prevented / counts.cells).toBeGreaterThan(0.02);
  });

  it("are all of one's own, whatever these are", () => {
    fc.assert(
      fc.property(arbitraryGrants, (held) => {
        expect(grantsBeyond(held, held, testRoleActions)).toEqual([]);
      }),
      { numRuns: 1_000 * effort },
    );
  });

  it("are an administrator's whatever they are", () => {
    fc.assert(
      fc.property(arbitraryGrants, (given) => {
        expect(grantsBeyond([allow("admin")], given, testRoleActions)).toEqual([]);
      }),
      { numRuns: 1_000 * effort },
    );
  });

  it("are a viewer's own and narrower ones, and no others", () => {
    const reach = { app: "pay*", keys: ["db.*"] };
    const beyond = (...given: Grant[]): Grant[] =>
      grantsBeyond([allow("viewer", reach)], given, builtInRoleActions);
    const within = [
      allow("viewer", reach),
      allow("viewer", { ...reach, app: "payments" }),
      allow("viewer", { ...reach, environment: "production", kinds: ["config"] }),
      allow("viewer", { ...reach, keys: ["db.host", "db.pool.*"] }),
      deny("admin"),
    ];
    expect(beyond(...within)).toEqual([]);
    for (const given of [
      allow("viewer"),
      allow("viewer", { app: "pay*" }),
      allow("viewer", { ...reach, app: "*" }),
      allow("viewer", { ...reach, keys: ["db.*", "http.*"] }),
      allow("editor", reach),
      allow("auditor", reach),
      allow("runtime", reach),
    ]) {
      expect(beyond(given)).toEqual([given]);
    }
  });
});

describe("what is denied to the giver", () => {
  const secrets = { app: "pay*", keys: ["secret.*"] };
  const held = [allow("admin"), deny("viewer", secrets)];
  const beyond = (...given: Grant[]): Grant[] => grantsBeyond(held, given, testRoleActions);

  test.each([
    { given: [allow("viewer")], refused: 1 },
    { given: [allow("admin", { app: "payments" })], refused: 1 },
    { given: [allow("editor", { keys: ["secret.a"] }), allow("viewer", { app: "b" })], refused: 1 },
    { given: [allow("viewer"), deny("viewer", { ...secrets, app: "payments" })], refused: 1 },
    { given: [allow("viewer"), deny("viewer", { ...secrets, kinds: ["config"] })], refused: 1 },
    { given: [allow("viewer"), deny("runtime", secrets)], refused: 1 },
    { given: [allow("viewer"), deny("writer", secrets)], refused: 1 },
  ])("is not lost by $given", ({ given, refused }) => {
    expect(beyond(...given)).toHaveLength(refused);
  });

  test.each([
    { given: held },
    { given: [allow("viewer"), deny("viewer", { app: "pay*" })] },
    { given: [allow("admin"), deny("admin", { keys: ["sec*"] })] },
    { given: [allow("viewer", { app: "billing" })] },
    { given: [allow("editor", { keys: ["db.*"] })] },
    { given: [allow("runtime")] },
    { given: [allow("writer"), deny("writer", secrets)] },
    { given: [allow("writer"), deny("viewer", secrets)] },
  ])("does not stand in the way of $given", ({ given }) => {
    expect(beyond(...given)).toEqual([]);
  });

  it("by a role that is gone, is everything", () => {
    const denied = [allow("admin"), deny("gone")];
    expect(grantsBeyond(denied, [allow("runtime")], builtInRoleActions)).toHaveLength(1);
    expect(grantsBeyond(denied, [allow("runtime"), deny("gone")], builtInRoleActions)).toEqual([]);
  });
});

describe("very many grants", () => {
  it("are taken where each is compared with a few", () => {
    const grants = Array.from({ length: 1_000 }, (_, index) =>
      allow("editor", { app: `app-${index}`, keys: ["db.*", "http.*", "limits.*"] }),
    );
    expect(grantsBeyond([allow("editor")], grants, builtInRoleActions)).toEqual([]);
    expect(grantsBeyond(grants, grants, builtInRoleActions)).toEqual([]);
  });

  it("are refused where it takes hours to compare them", () => {
    const patterns = Array.from({ length: 98 }, (_, index) => `q${index}*z`);
    const held = Array.from({ length: 1_000 }, (_, index) =>
      allow("admin", { keys: [...patterns, "a*", index === 999 ? "b*" : "c*"] }),
    );
    const keys = [...Array.from({ length: 99 }, (_, index) => `a${index}`), "b1"];
    const given = Array.from({ length: 1_000 }, () => allow("admin", { keys }));
    expect(grantsBeyond(held, given, builtInRoleActions).length).toBeGreaterThan(0);
  });
});
