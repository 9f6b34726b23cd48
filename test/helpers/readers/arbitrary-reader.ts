import * as fc from "fast-check";
import type { Grant } from "../../../src/permissions/grant.ts";
import { storeNames } from "./arbitrary-store.ts";
import { type ModelReader, modelReader } from "./model-reader.ts";

/** A name, or what remains of it where a star stands for a part. */
const patternOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(fc.constantFrom(...names), fc.nat(), fc.nat(), fc.nat({ max: 7 }))
    .map(([name, one, other, shape]) => {
      const start = one % (name.length + 1);
      const end = start + (other % (name.length - start + 1));
      const shapes = [
        name,
        `${name}*`,
        `${name.slice(0, start)}*`,
        `${name.slice(0, 1)}*`,
        `*${name.slice(start)}`,
        `${name.slice(0, start)}*${name.slice(end)}`,
        `*${name.slice(start, end)}*`.replace("**", "*"),
        "*",
      ];
      return shapes[shape] ?? name;
    });

/** Present once in `rarity` + 1 times. */
const rarely = <Value>(value: fc.Arbitrary<Value>, rarity: number) =>
  fc
    .tuple(fc.nat({ max: rarity }), value)
    .map(([times, given]) => (times === 0 ? given : undefined));

const reach = (rarity: number) => ({
  app: rarely(patternOf(storeNames.apps), rarity),
  environment: rarely(patternOf(storeNames.environments), rarity),
  kinds: rarely(fc.subarray([...storeNames.kinds], { minLength: 1 }), rarity * 2),
  keys: rarely(fc.array(patternOf(storeNames.keys), { minLength: 1, maxLength: 4 }), rarity),
});

const roles = {
  readers: fc.constantFrom("viewer", "viewer", "auditor", "editor"),
  writers: fc.constantFrom("editor", "editor", "admin", "writer"),
  any: fc.constantFrom("viewer", "editor", "admin", "operator", "writer", "leaser", "unknown"),
};

const grant = (role: fc.Arbitrary<string>, effect: Grant["effect"], rarity: number) =>
  fc.record({ role, effect: fc.constant(effect), ...reach(rarity) }).map((drawn): Grant => {
    const members = Object.entries(drawn).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members) as unknown as Grant;
  });

/** Something wide is allowed and parts of it are denied, or several narrow parts are allowed. */
const grantsOf = (role: fc.Arbitrary<string>): fc.Arbitrary<Grant[]> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(
          grant(role, "allow", 5),
          fc.array(grant(roles.any, "deny", 1), { minLength: 1, maxLength: 3 }),
          fc.array(grant(roles.any, "allow", 2), { maxLength: 2 }),
        )
        .map(([wide, denied, more]) => [wide, ...denied, ...more]),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          fc.array(grant(role, "allow", 1), { minLength: 1, maxLength: 4 }),
          fc.array(grant(role, "allow", 3), { maxLength: 1 }),
        )
        .map(([narrow, wide]) => [...wide, ...narrow]),
    },
    { weight: 1, arbitrary: fc.array(grant(roles.any, "allow", 1), { maxLength: 3 }) },
  );

/** Somebody who reads parts of what `arbitraryStore` makes. */
export const arbitraryReader: fc.Arbitrary<ModelReader> = grantsOf(roles.readers).map(modelReader);

/** Somebody who writes parts of it, and reads the same or other parts. */
export const arbitraryWriter: fc.Arbitrary<ModelReader> = fc
  .tuple(grantsOf(roles.writers), fc.array(grant(roles.readers, "allow", 4), { maxLength: 1 }))
  .map(([written, read]) => modelReader([...written, ...read]));
