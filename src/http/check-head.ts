import { invalidInput, Problem } from "../errors.ts";

/** Path and query together, as the request spells them. */
export const maxTargetLength = 8_192;

// A `.` or `..` as a whole segment of the path, percent-encoded or not.
const dotSegment = /^[^?#]*\/(?:\.|%2e){1,2}(?:[/?#]|$)/i;

/**
 * Checks a path with its query before anything resolves it. Dot segments are refused rather than
 * resolved: a proxy that guards paths may have read them otherwise.
 *
 * @throws Problem `URI_TOO_LONG`, `INVALID_INPUT`
 */
export const checkTarget = (target: string): void => {
  if (target.length > maxTargetLength) throw uriTooLong();
  if (dotSegment.test(target)) {
    throw invalidInput("", 'The path has a segment "." or "..", which is not resolved here.');
  }
};

export const uriTooLong = (): Problem =>
  new Problem("URI_TOO_LONG", `The path and query are longer than ${maxTargetLength} characters.`);

export const headersTooLarge = (maxHeaderBytes: number): Problem =>
  new Problem(
    "HEADERS_TOO_LARGE",
    `The path, query and headers are larger than the limit of ${maxHeaderBytes} bytes.`,
  );

// What would end the authority in a URL that is made of it, and let it name another path.
const hostPattern = /^[\w.:[\]-]*$/;

/**
 * Checks what a request says before its body, for runtimes whose parsers leave that to us.
 *
 * @throws Problem `URI_TOO_LONG`, `HEADERS_TOO_LARGE`, `INVALID_INPUT`
 */
export const checkHead = ({ headers, url }: Request, maxHeaderBytes: number): void => {
  if (!hostPattern.test(headers.get("host") ?? "")) {
    throw invalidInput("Host", "must be a host name or an address, with a port or without");
  }
  const target = url.slice(url.indexOf("/", "https://".length));
  checkTarget(target);
  let sizeBytes = target.length;
  // Each character stands for one byte. On Deno an iterator costs four times as much.
  headers.forEach((value, name) => {
    sizeBytes += name.length + value.length;
  });
  if (sizeBytes > maxHeaderBytes) throw headersTooLarge(maxHeaderBytes);
};
