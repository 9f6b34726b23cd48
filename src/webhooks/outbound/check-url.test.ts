import { describe, expect, it } from "vitest";
import {
  addressesAround,
  isPublicByRegistry,
  publicAddresses,
  specialRanges,
  spellingsInUrls,
} from "../../../test/helpers/webhooks/address-vectors.ts";
import { parseSettings } from "../../platform/settings.ts";
import { checkUrl } from "./check-url.ts";
import { outboundRules } from "./rules.ts";

const rulesOf = (WEBHOOK_ALLOW_PRIVATE = "", WEBHOOK_PORTS = "") =>
  outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE, WEBHOOK_PORTS }));

const strict = rulesOf();

const isTaken = (text: string, rules = strict): boolean => "url" in checkUrl(text, rules);

const errorsOf = (text: string, rules = strict): string => {
  const checked = checkUrl(text, rules);
  return "errors" in checked ? checked.errors.join("; ") : "";
};

describe("an address in a URL is judged by where it leads, however it is spelt", () => {
  const vectorsOf = (range: (typeof specialRanges)[number]) =>
    addressesAround(range).flatMap((address) =>
      spellingsInUrls(address).map((host) => ({ host, expected: isPublicByRegistry(address) })),
    );

  it("is tried with enough of them, of both sorts", () => {
    const vectors = specialRanges.flatMap(vectorsOf);
    expect(new Set(vectors.map(({ host }) => host)).size).toBeGreaterThan(1_500);
    expect(vectors.filter(({ expected }) => expected).length).toBeGreaterThan(300);
    expect(vectors.filter(({ expected }) => !expected).length).toBeGreaterThan(1_000);
  });

  it.each(specialRanges)("%s: inside refused, outside as the registries say", (...range) => {
    const vectors = vectorsOf(range);
    const judged = vectors.map(({ host }) => ({
      host,
      expected: isTaken(`https://${host}/hook?a=1`),
    }));
    expect(judged).toEqual(vectors);
  });

  it("takes public ones", () => {
    for (const address of publicAddresses) {
      for (const host of spellingsInUrls(address)) {
        expect(errorsOf(`https://${host}/`)).toBe("");
        expect(errorsOf(`http://${host}/`)).toBe("must begin with https://");
        expect(errorsOf(`https://${host}:444/`)).toBe("must have one of the ports 443, 8443");
      }
    }
  });
});

describe("a URL is refused", () => {
  it.each([
    ["", /whole URL/],
    ["example.org", /whole URL/],
    ["//example.org/", /whole URL/],
    ["https:example.org", /whole URL/],
    ["https:/example.org", /whole URL/],
    ["https:///example.org", /whole URL/],
    ["https://", /whole URL/],
    ["https://?a", /whole URL/],
    ["https://exa<mple.org", /whole URL/],
    ["https://[fe80::1%25eth0]/", /whole URL/],
    ["https://[fe80::1%eth0]/", /whole URL/],
    ["https://[::1", /whole URL/],
    ["https://[::ffff:127.1]/", /whole URL/],
    ["https://1.2.3.4.5/", /whole URL/],
    ["https://256.1.1.1/", /whole URL/],
    ["https://08.1.1.1/", /whole URL/],
    ["https://4294967296/", /whole URL/],
    ["https://example.org:65536/", /whole URL/],
    ["https://example.org:port/", /whole URL/],
    ["https://user@example.org/", /user name/],
    ["https://user:password@example.org/", /user name/],
    ["https://:@example.org/", /user name/],
    ["https://@example.org/", /user name/],
    ["https://example.org@127.0.0.1/", /user name/],
    ["https://example.org/#here", /fragment/],
    ["https://example.org/#", /fragment/],
    ["http://example.org/", /https/],
    ["HTTP://example.org/", /https/],
    ["ftp://example.org/", /https/],
    ["file:///etc/passwd", /whole URL/],
    ["file://host/etc/passwd", /https/],
    ["gopher://example.org/", /https/],
    ["ws://example.org/", /https/],
    ["wss://example.org/", /https/],
    ["data://text", /https/],
    ["javascript://example.org/%0aalert(1)", /https/],
    ["https://example.org:22/", /ports/],
    ["https://example.org:80/", /ports/],
    ["https://example.org:0/", /ports/],
    ["https://localhost/", /address/],
    ["https://LOCALHOST/", /address/],
    ["https://localhost./", /dot/],
    ["https://ｌｏｃａｌｈｏｓｔ/", /address/],
    ["https://loc%61lhost/", /address/],
    ["https://a.localhost/", /address/],
    ["https://example.org./", /dot/],
    ["https://example..org/", /name/],
    ["https://.example.org/", /name/],
    ["https://*.example.org/", /name/],
    ["https://-example.org/", /name/],
    ["https://exa$mple.org/", /name/],
    [`https://${"a".repeat(64)}.org/`, /name/],
    [`https://${"a.".repeat(127)}org/`, /name/],
    [" https://example.org/", /blanks/],
    ["https://example.org/ ", /blanks/],
    ["https://exam\tple.org/", /blanks/],
    ["https://example.org/\r\nHost: inside", /blanks/],
    ["https://example.org/a b", /blanks/],
    ["https://example.org/\u0000", /blanks/],
    ["https://example.org/\u007f", /blanks/],
    ["https://example.org/\u202etxt", /blanks/],
    ["https://example.org/\ud800", /blanks/],
    ["https://exam\u00adple.org/", /blanks/],
    ["https://example.org\\@127.0.0.1/", /blanks/],
    ["https:\\\\example.org\\", /blanks/],
    [`https://example.org/${"a".repeat(2_029)}`, /2048 characters/],
    [`https://example.org/${"ü".repeat(400)}`, /2048 characters/],
  ])("%j", (text, reason) => {
    expect(errorsOf(text)).toMatch(reason);
  });
});

describe("a URL is taken, in its canonical spelling", () => {
  it.each([
    ["https://example.org", "https://example.org/"],
    ["HTTPS://Example.ORG:443/Hook", "https://example.org/Hook"],
    ["https://example.org:8443/?a=b", "https://example.org:8443/?a=b"],
    ["https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"],
    ["https://ｅｘａｍｐｌｅ.org/", "https://example.org/"],
    ["https://a_b.example.org/", "https://a_b.example.org/"],
    ["https://example.org/a/../b/@user", "https://example.org/b/@user"],
    [`https://example.org/${"a".repeat(2_028)}`, `https://example.org/${"a".repeat(2_028)}`],
  ])("%s", (text, url) => {
    expect(checkUrl(text, strict)).toEqual({ url });
  });
});

describe("what the operator allows", () => {
  const development = rulesOf("127.0.0.0/8, 10.1.0.0/16");

  it("is open over http and on any port, for listed addresses and for names that may lead there", () => {
    for (const host of ["127.0.0.1", "0x7f000001", "[::ffff:10.1.2.3]", "localhost", "receiver"]) {
      expect(errorsOf(`http://${host}:3000/`, development)).toBe("");
      expect(errorsOf(`https://${host}:3000/`, development)).toBe("");
    }
  });

  it("opens nothing beside it", () => {
    for (const host of ["10.2.0.1", "[::1]", "192.168.0.1"]) {
      expect(errorsOf(`https://${host}/`, development)).toMatch(/address/);
    }
    expect(errorsOf("http://1.1.1.1/", development)).toMatch(/https/);
    expect(errorsOf("https://1.1.1.1:3000/", development)).toMatch(/ports/);
    expect(isTaken("https://localhost/", rulesOf("10.0.0.0/8"))).toBe(false);
  });

  it("includes other ports for public addresses", () => {
    expect(isTaken("https://example.org:9443/", rulesOf("", "9443"))).toBe(true);
    expect(isTaken("https://example.org/", rulesOf("", "9443"))).toBe(false);
  });
});
