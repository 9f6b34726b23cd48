import { parseAddress } from "../../platform/networks.ts";
import { isAllowedAddress, isListedAddress } from "./allowed-address.ts";
import type { OutboundRules } from "./rules.ts";

export type CheckedUrl = { readonly url: string } | { readonly errors: readonly string[] };

const maxLength = 2_048;
const defaultPorts: Readonly<Record<string, string>> = { "https:": "443", "http:": "80" };

/** What a reader overlooks or a parser drops: controls, blanks, invisible marks, half characters. */
const unwelcome = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\\]/u;

/** Up to the path; WHATWG would also take `https:example.org` and `https:///example.org`. */
const authorityPattern = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i;

const labelPattern = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** `[::1]` → `::1`; names and IPv4 addresses stay as they are. */
export const bareHost = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** Never asked of a name server (RFC 6761): it is this machine. */
export const isLocalhost = (host: string): boolean => /(^|\.)localhost$/.test(host);

const loopbacks = ["127.0.0.1", "::1"];

/** The addresses of this machine that the operator has listed. */
export const listedLoopbacks = (rules: OutboundRules): readonly string[] =>
  loopbacks.filter((address) => isListedAddress(address, rules));

type Transport = Pick<URL, "protocol" | "port">;

const hasAllowedPort = ({ protocol, port }: Transport, rules: OutboundRules): boolean =>
  rules.ports.includes(Number(port || defaultPorts[protocol]));

/** Whether only listed addresses may be called this way. */
export const needsListedAddress = (transport: Transport, rules: OutboundRules): boolean =>
  transport.protocol !== "https:" || !hasAllowedPort(transport, rules);

const spellingError = (text: string): string | undefined => {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  if (unwelcome.test(text)) {
    return "must have no blanks, backslashes, control characters or invisible ones";
  }
  const authority = authorityPattern.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) {
    return "must be a whole URL, such as https://example.org/hook";
  }
  if (authority.includes("@")) return "must have no user name or password";
  if (text.includes("#")) return "must have no fragment";
  return undefined;
};

/** What is wrong with the host of a URL, as far as that is known without a name server. */
const hostError = (host: string, rules: OutboundRules): string | undefined => {
  if (parseAddress(host) !== undefined) {
    return isAllowedAddress(host, rules) ? undefined : "leads to an address that may not be called";
  }
  if (isLocalhost(host)) {
    return listedLoopbacks(rules).length > 0
      ? undefined
      : "leads to an address that may not be called";
  }
  if (host.endsWith(".")) return "must have a host without a dot at its end";
  const isName = host.length <= 253 && host.split(".").every((label) => labelPattern.test(label));
  return isName ? undefined : "must have a host that is a name or an address";
};

/** http and other ports are for listed addresses alone; where a name leads is seen when it is called. */
const transportErrors = (url: URL, host: string, rules: OutboundRules): string[] => {
  if (!(url.protocol in defaultPorts)) return ["must begin with https://"];
  const isAddress = parseAddress(host) !== undefined;
  const mayBeListed = isAddress ? isListedAddress(host, rules) : rules.allowPrivate.length > 0;
  if (mayBeListed) return [];
  return [
    ...(url.protocol === "https:" ? [] : ["must begin with https://"]),
    ...(hasAllowedPort(url, rules) || (url.protocol === "http:" && url.port === "")
      ? []
      : [`must have one of the ports ${rules.ports.join(", ")}`]),
  ];
};

/**
 * Whether a webhook may have this URL, read as every runtime's `URL` reads it (WHATWG). An address
 * may hide in `0x7f.1`, `2130706433` or full-width digits: what is judged is what would be called.
 *
 * @returns the URL in its canonical spelling, or sentences that follow "The URL"
 */
export const checkUrl = (text: string, rules: OutboundRules): CheckedUrl => {
  const misspelt = spellingError(text);
  if (misspelt !== undefined) return { errors: [misspelt] };
  const url = new URL(text);
  const host = bareHost(url.hostname);
  const wrongHost = url.protocol in defaultPorts ? hostError(host, rules) : undefined;
  const errors = [
    ...transportErrors(url, host, rules),
    ...(wrongHost === undefined ? [] : [wrongHost]),
    ...(url.href.length > maxLength ? [`must have at most ${maxLength} characters`] : []),
  ];
  return errors.length === 0 ? { url: url.href } : { errors };
};
