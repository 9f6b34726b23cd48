import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatGrant } from "./format-grant.ts";
import { parseGrant } from "./parse-grant.ts";

const head = fc.constantFrom("a", "Z", "0", "*");
const scopeTail = ["a", "b", "9", ".", "_", "-", "*"];
const pattern = (tail: readonly string[]) =>
  fc
    .tuple(head, fc.string({ unit: fc.constantFrom(...tail), maxLength: 6 }))
    .map(([first, rest]) => `${first}${rest}`.replaceAll(/\*+/g, "*"));
const names = fc.array(
  fc.constantFrom("config", "flag", "job-spec"),
  // Requests carry no empty list: a grant on nothing.
  { minLength: 1, maxLength: 3 },
);
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Any grant that a request may carry, without absent members. */
const grant = fc
  .record({
    role: fc.constantFrom("viewer", "admin", "my-role.2"),
    effect: optional(fc.constant("deny" as const)),
    app: optional(pattern(scopeTail)),
    environment: optional(pattern(scopeTail)),
    kinds: optional(names),
    keys: optional(fc.array(pattern([...scopeTail, ":"]), { minLength: 1, maxLength: 3 })),
  })
  .map((members) => JSON.parse(JSON.stringify(members)) as { role: string });

describe("the short form of a grant", () => {
  it("is read back as the grant that it was written from, for every grant", () => {
    fc.assert(
      fc.property(grant, (written) => {
        expect(parseGrant(formatGrant(written))).toEqual(written);
      }),
    );
  });

  it.each([
    ["admin", { role: "admin" }],
    ["viewer:payments", { role: "viewer", app: "payments" }],
    ["viewer:payments/*", { role: "viewer", app: "payments", environment: "*" }],
    ["viewer:**/production", { role: "viewer", environment: "production" }],
    ["viewer:**/**/db.*,cache:*", { role: "viewer", keys: ["db.*", "cache:*"] }],
    ["viewer@config,flag", { role: "viewer", kinds: ["config", "flag"] }],
    [
      "deny:editor:pay*/production/db.*@config",
      {
        role: "editor",
        effect: "deny",
        app: "pay*",
        environment: "production",
        keys: ["db.*"],
        kinds: ["config"],
      },
    ],
  ])("reads %s", (text, expected) => {
    expect(parseGrant(text)).toEqual(expected);
  });

  it.each([
    ["", "The role is empty"],
    [":payments", "The role is empty"],
    ["deny:", "The role is empty"],
    ["a role", "a role: a role takes letters"],
    ["viewer:", "The app pattern is empty; ** stands for every one"],
    ["viewer:/production", "The app pattern is empty"],
    ["viewer:payments/", "The environment pattern is empty"],
    ["viewer:payments/production/", "The key pattern is empty; * stands for every one"],
    ["viewer:payments/production/a,,b", "The key pattern is empty"],
    ["viewer:pay**", "pay**: in the app pattern, one *"],
    ["viewer:a/b/**", "**: in the key pattern, one *"],
    ["viewer:../production", "..: the app pattern takes"],
    ["viewer:a/b/%2f", "%2f: the key pattern takes"],
    ["viewer:a/b/c/d", "There is a '/' too many"],
    ["viewer@", "The kind is empty"],
    ["viewer@config@flag", "config@flag: a kind takes"],
  ])("refuses %j and says which grant and which part", (text, message) => {
    expect(() => parseGrant(text)).toThrow(`--grant '${text}': ${message}`);
  });
});
