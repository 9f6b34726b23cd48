import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/platform/settings.ts";
import { outboundRules } from "../../src/webhooks/outbound/rules.ts";
import {
  addressesAround,
  isPublicByRegistry,
  plainSpelling,
  specialRanges,
} from "../../test/helpers/webhooks/address-vectors.ts";
import { findAddresses } from "./find-addresses.ts";
import { SendFailure } from "./outcome.ts";

const rulesOf = (WEBHOOK_ALLOW_PRIVATE = "") =>
  outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE }));

const good = "93.184.216.34";
const https = { protocol: "https:", hostname: "receiver.example", port: "" };

/** The addresses that are found, or why none are. */
const find = async (
  answers: readonly string[],
  target = https,
  rules = rulesOf(),
): Promise<readonly string[] | string> => {
  try {
    return await findAddresses(target, { rules, resolve: async () => answers });
  } catch (error) {
    return error instanceof SendFailure ? error.kind : String(error);
  }
};

/** How one and the same address may be written by who answers for a name. */
const answersFor = (range: (typeof specialRanges)[number]) =>
  addressesAround(range).flatMap((address) => {
    const text = plainSpelling(address);
    const spellings = address.family === 4 ? [text, `::ffff:${text}`] : [text];
    return spellings.map((spelling) => ({ spelling, isPublic: isPublicByRegistry(address) }));
  });

describe("what a name server answers is judged", () => {
  it("with enough answers of both sorts", () => {
    const answers = specialRanges.flatMap(answersFor);
    expect(new Set(answers.map(({ spelling }) => spelling)).size).toBeGreaterThan(200);
  });

  it.each(specialRanges)("%s: alone, and with a good one before or after", async (...range) => {
    for (const { isPublic, spelling } of answersFor(range)) {
      const lists = [[spelling], [spelling, good], [good, spelling]];
      for (const list of lists) expect(await find(list)).toEqual(isPublic ? list : "address");
    }
  });

  it.each(["", "127.1", "0x7f.0.0.1", "2130706433", "fe80::1%1", "receiver.example", "1.1.1.1 "])(
    "%j is no address",
    async (answer) => {
      expect(await find([answer])).toBe("address");
      expect(await find([good, answer])).toBe("address");
    },
  );

  it("an answer without addresses, or none, leads nowhere", async () => {
    expect(await find([])).toBe("address");
    const resolve = (): Promise<never> => Promise.reject(new Error("SERVFAIL"));
    await expect(findAddresses(https, { rules: rulesOf(), resolve })).rejects.toMatchObject({
      kind: "dns",
    });
  });
});

describe("with networks that the operator has listed", () => {
  const rules = rulesOf("10.0.0.0/8, 127.0.0.0/8");

  it("a name may lead there, and to public addresses over https", async () => {
    expect(await find(["10.1.2.3"], https, rules)).toEqual(["10.1.2.3"]);
    expect(await find([good, "10.1.2.3"], https, rules)).toEqual([good, "10.1.2.3"]);
    expect(await find(["192.168.0.1"], https, rules)).toBe("address");
  });

  it("http and other ports lead there alone", async () => {
    for (const target of [
      { ...https, protocol: "http:" },
      { ...https, port: "3000" },
    ]) {
      expect(await find(["10.1.2.3"], target, rules)).toEqual(["10.1.2.3"]);
      expect(await find([good], target, rules)).toBe("address");
      expect(await find(["10.1.2.3", good], target, rules)).toBe("address");
    }
  });

  it("localhost is this machine, whatever a name server says", async () => {
    const localhost = { ...https, hostname: "localhost" };
    expect(await find([good], localhost, rules)).toEqual(["127.0.0.1"]);
    expect(await find([good], localhost, rulesOf("::1/128"))).toEqual(["::1"]);
    expect(await find([good], localhost, rulesOf())).toBe("address");
  });
});
