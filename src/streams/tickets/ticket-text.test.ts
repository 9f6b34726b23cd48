import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { readTicket, type Ticket, verifyTicket, writeTicket } from "./ticket-text.ts";

const secret = randomBytes(32);

const ticket: Ticket = {
  id: "a1B2c3D4e5F6g7H8",
  keyId: "7Hd2kQ9xLmN4pR8s",
  issuedAtMs: 1_769_860_800_000,
  filter: { app: "payments", environment: "production", prefix: "db.", values: true },
};

it("says what was written into it, to whoever has the secret", () => {
  const text = writeTicket(ticket, secret);
  expect(text).toMatch(/^flt_[\w.-]+$/);
  expect(verifyTicket(text, secret)).toEqual(ticket);
  expect(readTicket(text)).toEqual(ticket);
  expect(verifyTicket(text, randomBytes(32))).toBeUndefined();
});

// The last character of a signature holds two bits that mean nothing.
it("is no ticket any more, whichever of its characters but the last is another one", () => {
  const text = writeTicket(ticket, secret);
  fc.assert(
    fc.property(
      fc.nat(text.length - 2),
      fc.constantFrom("A", "z", "0", ".", "-", "_", "=", "é"),
      (place, character) => {
        fc.pre(text[place] !== character);
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        const read = verifyTicket(changed, secret);
        expect(read).toBeUndefined();
      },
    ),
    { numRuns: 500 },
  );
});

it.each(["", "flt_", "flt_.", "flt_e30.e30", `flt_.${"A".repeat(43)}`, "a".repeat(4_000)])(
  "knows nothing else as a ticket: %j",
  (text) => {
    expect(verifyTicket(text, secret)).toBeUndefined();
  },
);
