import ipaddr from "ipaddr.js";
import { z } from "zod";

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and the length of its prefix, as ipaddr.js matches them. */
export type Network = readonly [Address, number];

const wanted =
  "must be networks with commas between, such as 127.0.0.0/8,::1/128: each its first address, a slash and the length of the prefix; IPv4 as IPv4, no zone";

/**
 * An address in its usual spelling; `undefined` for anything else, such as `0x7f.1`, `127.1` or a
 * zone, which other readers of the text may take for another address.
 */
export const parseAddress = (text: string): Address | undefined => {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(":") || text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text);
};

const parseNetwork = (text: string): Network | undefined => {
  const [, start = "", length = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const address = parseAddress(start);
  if (address === undefined) return undefined;
  const bits = Number(length);
  if (bits > address.toByteArray().length * 8) return undefined;
  // Addresses that stand for IPv4 ones are judged as IPv4, so such a network would never match.
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) return undefined;
  return isFirstAddress(address, bits) ? [address, bits] : undefined;
};

/** `10.0.0.1/8` may mean one address or sixteen million; whoever wrote it should say. */
const isFirstAddress = (address: Address, bits: number): boolean =>
  address
    .toByteArray()
    .every((byte, index) => (byte & (0xff >> Math.min(8, Math.max(0, bits - index * 8)))) === 0);

/** `10.0.0.0/8, ::1/128` → networks. */
export const networks = z.string().transform((text, ctx): readonly Network[] => {
  const parsed = text.split(",").map((part) => parseNetwork(part.trim()));
  const found = parsed.filter((network) => network !== undefined);
  if (found.length < parsed.length) ctx.addIssue({ code: "custom", message: wanted });
  return found;
});

export const isWithin = (address: Address, network: Network): boolean =>
  address.kind() === network[0].kind() && address.match(network[0], network[1]);
