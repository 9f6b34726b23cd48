import ipaddr from "ipaddr.js";
import { type Address, isWithin, type Network, parseAddress } from "../../platform/networks.ts";
import type { OutboundRules } from "./rules.ts";

const network = (text: string): Network => ipaddr.parseCIDR(text);

/** The only IPv6 addresses that are handed out for the open network (RFC 4291, IANA). */
const globalUnicast = network("2000::/3");

/** Not for webhooks, though ipaddr.js calls them unicast. */
const alsoBlocked: readonly Network[] = [
  // Azure's host agent and metadata, on an address that looks public.
  network("168.63.129.16/32"),
  // The 6bone, given back (RFC 3701).
  network("3ffe::/16"),
];

/** An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is called as IPv4, so it is judged as one. */
const unwrap = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()
    ? address.toIPv4Address()
    : address;

/** An interface made of an IPv4 address, which a tunnel would call (RFC 5214). */
const isIsatap = (address: Address): boolean =>
  address instanceof ipaddr.IPv6 &&
  ((address.parts[4] ?? 0) & 0xfcff) === 0 &&
  address.parts[5] === 0x5efe;

const isPublic = (address: Address): boolean =>
  address.range() === "unicast" &&
  (address instanceof ipaddr.IPv4 || isWithin(address, globalUnicast)) &&
  !isIsatap(address) &&
  !alsoBlocked.some((blocked) => isWithin(address, blocked));

const isIn = (address: Address, networks: readonly Network[]): boolean =>
  networks.some((listed) => isWithin(address, listed));

/** Whether the operator has listed the address, so that http and any port may be used. */
export const isListedAddress = (text: string, rules: OutboundRules): boolean => {
  const address = parseAddress(text);
  return address !== undefined && isIn(unwrap(address), rules.allowPrivate);
};

/** Whether a webhook may call the address at all: it is public, or the operator has listed it. */
export const isAllowedAddress = (text: string, rules: OutboundRules): boolean => {
  const parsed = parseAddress(text);
  if (parsed === undefined) return false;
  const address = unwrap(parsed);
  return isPublic(address) || isIn(address, rules.allowPrivate);
};
