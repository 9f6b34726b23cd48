import type { ScopeDefaults } from "../context.ts";

let current: ScopeDefaults = { app: "", environment: "" };

/**
 * Parses a request for somebody whose key has scope defaults. Shapes are made once and parse without
 * waiting, so whose defaults apply is set around the parse instead of being handed through each shape.
 */
export const withScopeDefaults = <Result>(defaults: ScopeDefaults, parse: () => Result): Result => {
  const before = current;
  current = defaults;
  try {
    return parse();
  } finally {
    current = before;
  }
};

/** What an absent name means: the key's default. `null` says "all" in so many words. */
export const nameOrDefault =
  (member: keyof ScopeDefaults) =>
  (name: string | null | undefined): string =>
    name === undefined ? current[member] : (name ?? "");
