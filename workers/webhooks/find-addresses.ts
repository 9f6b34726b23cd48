import { isIP } from "node:net";
import { isAllowedAddress, isListedAddress } from "../../src/webhooks/outbound/allowed-address.ts";
import {
  bareHost,
  isLocalhost,
  listedLoopbacks,
  needsListedAddress,
} from "../../src/webhooks/outbound/check-url.ts";
import type { OutboundRules } from "../../src/webhooks/outbound/rules.ts";
import { SendFailure } from "./outcome.ts";
import type { ResolveName } from "./resolve-name.ts";

export interface Target {
  readonly protocol: string;
  /** A name or an address, with or without brackets. */
  readonly hostname: string;
  /** Empty: that of the protocol. */
  readonly port: string;
}

interface Options {
  readonly rules: OutboundRules;
  readonly resolve: ResolveName;
}

const lookUp = async (host: string, { resolve, rules }: Options): Promise<readonly string[]> => {
  if (isIP(host) !== 0) return [host];
  if (isLocalhost(host)) return listedLoopbacks(rules);
  try {
    return await resolve(host);
  } catch (error) {
    throw new SendFailure("dns", "The name could not be resolved.", { cause: error });
  }
};

/**
 * The addresses that a request may connect to, each of them checked. One that may not be called is
 * enough to refuse: whoever answers for the name does not choose which of them is taken.
 *
 * @throws SendFailure `dns` or `address`
 */
export const findAddresses = async (
  target: Target,
  options: Options,
): Promise<readonly [string, ...string[]]> => {
  const { rules } = options;
  const [first, ...others] = await lookUp(bareHost(target.hostname), options);
  const isAllowed = needsListedAddress(target, rules) ? isListedAddress : isAllowedAddress;
  if (first === undefined || ![first, ...others].every((address) => isAllowed(address, rules))) {
    throw new SendFailure("address", "The URL leads to an address that may not be called.");
  }
  return [first, ...others];
};
