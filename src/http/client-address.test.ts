import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clientAddress } from "./client-address.ts";

const forwarded = (...lines: string[]): Headers =>
  new Headers(lines.map((line): [string, string] => ["x-forwarded-for", line]));

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((text) => new URL(`http://[${text}]`).hostname.slice(1, -1)),
);

/** How proxies write an address that they have seen. */
const spelling = (text: string): fc.Arbitrary<string> => {
  const port = fc.integer({ min: 1, max: 65_535 });
  const plain = fc.constant(text);
  if (text.includes(":")) {
    return fc.oneof(
      plain,
      plain.map((bare) => `[${bare}]`),
      fc.tuple(plain, port).map(([bare, number]) => `[${bare}]:${number}`),
      plain.map((bare) => bare.toUpperCase()),
    );
  }
  return fc.oneof(
    plain,
    plain.map((bare) => `::ffff:${bare}`),
    fc.tuple(plain, port).map(([bare, number]) => `${bare}:${number}`),
  );
};

const withSpelling = address.chain((text) => fc.tuple(fc.constant(text), spelling(text)));

/** Whatever a client may put into a header. */
const claim = fc.oneof(
  fc.stringMatching(/^[\d.:,[\] ;=af/"x\t-]{0,40}$/),
  fc.array(fc.ipV4(), { maxLength: 12 }).map((list) => list.join(", ")),
);

describe("the address of a client", () => {
  it("is never the client's choice, whatever it sends, where each proxy appends what it saw", () => {
    const hops = fc.array(fc.tuple(withSpelling, fc.boolean()), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 4 }), hops, address, (claims, seen, socket) => {
        const lines = [...claims];
        for (const [[, spelled], onALineOfItsOwn] of seen) {
          const last = lines.pop();
          if (last === undefined) lines.push(spelled);
          else if (onALineOfItsOwn) lines.push(last, spelled);
          else lines.push(`${last}, ${spelled}`);
        }
        const [[[client]]] = seen as [[[string, string], boolean]];
        const found = clientAddress(forwarded(...lines), socket, seen.length);
        expect(found).toBe(client.startsWith("::ffff:") ? toIpv4(client) : client);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is that of the connection where no proxy is trusted", () => {
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 4 }), address, (claims, socket) => {
        fc.pre(!socket.startsWith("::ffff:"));
        expect(clientAddress(forwarded(...claims), socket, 0)).toBe(socket);
      }),
    );
  });

  it("is that of the connection where fewer proxies have written than there should be", () => {
    expect(clientAddress(forwarded("192.0.2.1"), "198.51.100.9", 2)).toBe("198.51.100.9");
    expect(clientAddress(new Headers(), "198.51.100.9", 1)).toBe("198.51.100.9");
  });

  it.each([
    "",
    "unknown",
    "_hidden",
    "192.0.2.256",
    "192.0.2.01",
    "192.0.2",
    "192.0.2.1.2",
    "192.0.2.1:",
    "192.0.2.1:123456",
    "0x7f.0.0.1",
    "2130706433",
    "[192.0.2.1]",
    "::1]@[::2",
    "[::1",
    "::1]",
    "1:2:3",
    "::12345",
    "fe80::1%eth0",
    "::ffff:1.2.3.999",
    "example.org",
    "for=192.0.2.1",
  ])("is that of the connection where %j stands in its place", (written) => {
    expect(clientAddress(forwarded(`192.0.2.1, ${written}`), "198.51.100.9", 1)).toBe(
      "198.51.100.9",
    );
  });

  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["  192.0.2.1  ", "192.0.2.1"],
    ["192.0.2.1:8080", "192.0.2.1"],
    ["::FFFF:192.0.2.1", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:0201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:8080", "192.0.2.1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["[2001:db8:0:0:0:0:0:1]:443", "2001:db8::1"],
    ["::", "::"],
  ])("written as %j is %s", (written, read) => {
    expect(clientAddress(forwarded(written), "198.51.100.9", 1)).toBe(read);
  });

  it("of a connection that maps IPv4 into IPv6 is written as IPv4", () => {
    expect(clientAddress(new Headers(), "::ffff:192.0.2.1", 0)).toBe("192.0.2.1");
    expect(clientAddress(new Headers(), "fe80::1%eth0", 0)).toBe("fe80::1%eth0");
    expect(clientAddress(new Headers(), undefined, 0)).toBeUndefined();
  });
});

const toIpv4 = (mapped: string): string => {
  const [high = "", low = ""] = mapped.split(":").slice(-2);
  const bytes = Buffer.from(high.padStart(4, "0") + low.padStart(4, "0"), "hex");
  return [...bytes].join(".");
};
