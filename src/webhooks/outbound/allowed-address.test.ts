import { describe, expect, it } from "vitest";
import {
  addressesAround,
  isPublicByRegistry,
  plainSpelling,
  publicAddresses,
  specialRanges,
} from "../../../test/helpers/webhooks/address-vectors.ts";
import { parseSettings } from "../../platform/settings.ts";
import { isAllowedAddress, isListedAddress } from "./allowed-address.ts";
import { outboundRules } from "./rules.ts";

const rulesOf = (WEBHOOK_ALLOW_PRIVATE = "") =>
  outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE }));

const strict = rulesOf();

it.each(specialRanges)("%s: as the registries say, at its edges and within", (...range) => {
  for (const address of addressesAround(range)) {
    const text = plainSpelling(address);
    expect([text, isAllowedAddress(text, strict)]).toEqual([text, isPublicByRegistry(address)]);
    expect(isListedAddress(text, strict)).toBe(false);
  }
});

it.each(specialRanges)("%s: may be called once it is listed", (_, family, first, bits) => {
  const start = plainSpelling({ family, number: first });
  const rules = rulesOf(`${start}/${bits}`);
  expect([isAllowedAddress(start, rules), isListedAddress(start, rules)]).toEqual([true, true]);
});

it("public addresses may be called", () => {
  for (const address of publicAddresses) {
    expect(isAllowedAddress(plainSpelling(address), strict)).toBe(true);
  }
});

describe("an address within an address", () => {
  it.each([
    ["as IPv6, of a public one", "::ffff:1.1.1.1", true],
    ["as IPv6, of a private one", "::ffff:10.0.0.1", false],
    ["as IPv6, in hexadecimal", "::ffff:a00:1", false],
    ["of a tunnel within a site (ISATAP)", "2606:4700::5efe:10.0.0.1", false],
    ["of a tunnel within a site, marked as global", "2606:4700::200:5efe:10.0.0.1", false],
  ])("%s", (_, text, isAllowed) => {
    expect(isAllowedAddress(text, strict)).toBe(isAllowed);
  });

  it("counts as listed where what it stands for is", () => {
    expect(isListedAddress("::ffff:10.0.0.1", rulesOf("10.0.0.0/8"))).toBe(true);
  });
});

it.each([
  "",
  "localhost",
  "127.1",
  "0x7f000001",
  "010.0.0.1",
  "1.1.1.1.",
  "2606:4700::1%eth0",
  "[::1]",
])("%j is no address, and never allowed", (text) => {
  const all = rulesOf("0.0.0.0/0,::/0");
  expect([isAllowedAddress(text, all), isListedAddress(text, all)]).toEqual([false, false]);
});
