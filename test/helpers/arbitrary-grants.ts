import * as fc from "fast-check";
import { type Action, actions, type Resource } from "../../src/permissions/actions.ts";
import type { Grant } from "../../src/permissions/grant.ts";
import { builtInRoleActions, type RoleActions } from "../../src/permissions/roles.ts";

/** The built-in roles and two more: one that may only write, and one that may only lease. */
export const testRoleActions: RoleActions = new Map<string, readonly Action[]>([
  ...builtInRoleActions,
  ["writer", ["entries.write"]],
  ["leaser", ["job-specs.lease"]],
]);

// Names that are beginnings and ends of each other, and the longest that there are.
const apps = ["pay", "payments", "payments-eu", "eu-payments", "billing", "abab", "a".repeat(64)];
const environments = ["prod", "production", "production-2", "staging", "p"];
const keys = [
  "db",
  "db.host",
  "db.host.port",
  "dbx.host",
  "a",
  "aab",
  "abab.abab",
  "feature:x_y-z",
  "a".repeat(256),
  `${"ab".repeat(100)}.c`,
];
const kinds = ["config", "flag", "secret"];

// Few letters, so that patterns and names meet.
const shortName = fc
  .array(fc.constantFrom("a", "b", "."), { minLength: 1, maxLength: 6 })
  .map((letters) => letters.join(""));
const shortPattern = fc
  .array(fc.constantFrom("a", "b", ".", "*"), { minLength: 1, maxLength: 9 })
  .map((letters) => letters.join(""));

/** A pattern made from a name, that often matches it and sometimes narrowly fails to. */
const patternOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...names), fc.nat(), fc.nat(), fc.nat({ max: 8 }))
    .map(([name, one, other, shape]) => {
      const start = one % (name.length + 1);
      const end = start + (other % (name.length - start + 1));
      const shapes = [
        name,
        `${name}*`,
        `${name.slice(0, start)}*`,
        `*${name.slice(start)}`,
        `${name.slice(0, start)}*${name.slice(end)}`,
        `*${name.slice(start, end)}*`,
        // The ends overlap in the name itself, so it is too short.
        `${name.slice(0, end)}*${name.slice(start)}`,
        Array.from(name.slice(0, 40)).join("*"),
        `${Array.from(name).join("*").slice(0, 80)}*!`,
      ];
      return shapes[shape] ?? name;
    });

const anyPattern = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: patternOf(names) },
    { weight: 3, arbitrary: shortPattern },
    { weight: 2, arbitrary: fc.constant("*") },
    { weight: 1, arbitrary: fc.constantFrom("**", "*.*", `${"*a".repeat(30)}*`, "", "..", "a/b") },
  );

const roles = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("viewer", "editor") },
  { weight: 3, arbitrary: fc.constantFrom("admin", "writer") },
  { weight: 1, arbitrary: fc.constantFrom("operator", "leaser", "unknown") },
);

/** There in half of the cases. */
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

/** Hostile patterns included; an allow is likelier than a deny, and a wide grant than a narrow one. */
export const arbitraryGrant: fc.Arbitrary<Grant> = fc
  .record({
    role: roles,
    effect: fc.oneof(
      { weight: 4, arbitrary: fc.constant("allow" as const) },
      { weight: 1, arbitrary: fc.constant("deny" as const) },
    ),
    app: maybe(anyPattern(apps)),
    environment: maybe(anyPattern(environments)),
    kinds: maybe(fc.subarray(kinds)),
    keys: maybe(fc.array(anyPattern(keys), { maxLength: 5 })),
  })
  .map(({ role, effect, ...reach }) => {
    const restricted = Object.entries(reach).filter(([, member]) => member !== undefined);
    return { role, effect, ...Object.fromEntries(restricted) };
  });

export const arbitraryGrants = fc.array(arbitraryGrant, { maxLength: 8 });

const nameIn = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...names) },
    { weight: 1, arbitrary: shortName },
  );

const scopeName = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 5, arbitrary: nameIn(names) }, { weight: 1, arbitrary: fc.constant("") });

/** One entry. */
export interface Entry {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly key: string;
}

export const arbitraryEntry: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constantFrom(...kinds),
  app: scopeName(apps),
  environment: scopeName(environments),
  key: nameIn(keys),
});

/** Mostly an entry, sometimes a whole of which members are absent. */
export const arbitraryResource: fc.Arbitrary<Resource> = fc.oneof(
  { weight: 5, arbitrary: arbitraryEntry },
  {
    weight: 1,
    arbitrary: fc
      .tuple(arbitraryEntry, fc.subarray(["kind", "app", "environment", "key"] as const))
      .map(([entry, absent]) => ({
        ...entry,
        ...Object.fromEntries(absent.map((member) => [member, undefined])),
      })),
  },
);

export const arbitraryAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Action>("entries.read", "entries.write") },
  { weight: 1, arbitrary: fc.constantFrom(...actions) },
);
