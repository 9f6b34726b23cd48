/**
 * Who sends a request. Each trusted proxy has appended to `X-Forwarded-For` the address that it saw, so
 * the one that the outermost proxy saw stands that many places from the right; what stands left of it
 * is whatever the client wrote. Where that place holds no address, the connection's own is the answer.
 *
 * @param trustedProxies how many proxies every request comes through; 0 for none
 */
export const clientAddress = (
  headers: Headers,
  socketAddress: string | undefined,
  trustedProxies: number,
): string | undefined => {
  const seen =
    trustedProxies === 0
      ? undefined
      : headers.get("x-forwarded-for")?.split(",").at(-trustedProxies);
  const address = seen === undefined ? undefined : parseAddress(seen.trim());
  return address ?? socketAddress?.replace(/^::ffff:(?=\d+\.)/i, "");
};

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const ipv4 = new RegExp(String.raw`^(${octet}(?:\.${octet}){3})(?::\d{1,5})?$`);
const ipv6 = /^(?:\[([\da-f:.]+)\](?::\d{1,5})?|([\da-f:.]*:[\da-f:.]*:[\da-f:.]*))$/i;
const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;

/** An IP address without brackets and port, in its shortest spelling; undefined for anything else. */
const parseAddress = (text: string): string | undefined => {
  const [, four] = ipv4.exec(text) ?? [];
  if (four !== undefined) return four;
  const [, inBrackets, bare] = ipv6.exec(text) ?? [];
  const url = `http://[${inBrackets ?? bare ?? ""}]`;
  if (!URL.canParse(url)) return undefined;
  const six = new URL(url).hostname.slice(1, -1);
  const [, high, low] = mapped.exec(six) ?? [];
  return high === undefined || low === undefined ? six : toIpv4(high, low);
};

const toIpv4 = (high: string, low: string): string =>
  [high, low]
    .map((text) => Number.parseInt(text, 16))
    .flatMap((pair) => [pair >> 8, pair & 0xff])
    .join(".");
