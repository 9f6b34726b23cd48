import {
  isEmail,
  isHostname,
  isIpv4,
  isIpv6,
  isUri,
  isUriReference,
} from "./check-address-format.ts";
import { isDate, isDateTime, isDuration, isTime } from "./check-time-format.ts";
import { isPattern } from "./compile-pattern.ts";
import type { Run } from "./run.ts";

interface Format {
  /** Completes the sentence `must be …`. */
  readonly noun: string;
  /** Takes time linear in the text, and charges the run where it costs more than looking at it. */
  readonly accepts: (text: string, run: Run) => boolean;
}

const isUuid = (text: string): boolean =>
  /^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/.test(text);

const isJsonPointer = (text: string): boolean =>
  (text === "" || text.startsWith("/")) && !/~(?![01])/.test(text);

/** The formats that are asserted. Others are annotations, as the standard has it for unknown ones. */
export const formats: ReadonlyMap<string, Format> = new Map([
  ["date", { noun: "a date such as 2026-01-31", accepts: isDate }],
  ["date-time", { noun: "a date and time such as 2026-01-31T12:00:00Z", accepts: isDateTime }],
  ["time", { noun: "a time with an offset, such as 12:00:00Z", accepts: isTime }],
  ["duration", { noun: "a duration such as PT15M", accepts: isDuration }],
  ["email", { noun: "an e-mail address", accepts: isEmail }],
  ["hostname", { noun: "a host name", accepts: isHostname }],
  ["ipv4", { noun: "an IPv4 address", accepts: isIpv4 }],
  ["ipv6", { noun: "an IPv6 address", accepts: isIpv6 }],
  ["uri", { noun: "a URI", accepts: isUri }],
  ["uri-reference", { noun: "a URI or a relative reference", accepts: isUriReference }],
  ["uuid", { noun: "a UUID", accepts: isUuid }],
  ["json-pointer", { noun: "a JSON Pointer", accepts: isJsonPointer }],
  ["regex", { noun: "a regular expression that RE2 can run", accepts: isPattern }],
]);
