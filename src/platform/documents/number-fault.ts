import { shorten } from "./offences.ts";

/** The value is `digits` × 10^`exponent`; no zeros at either end of `digits`, none at all for zero. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

const largestInteger = 2 ** 53;
const zero = 48;

function toDecimal(source: string): Decimal {
  const unsigned = source.startsWith("-") || source.startsWith("+") ? source.slice(1) : source;
  const exponentMark = unsigned.search(/[eE]/);
  const mantissa = exponentMark < 0 ? unsigned : unsigned.slice(0, exponentMark);
  const power = exponentMark < 0 ? 0 : Number(unsigned.slice(exponentMark + 1));
  const point = mantissa.indexOf(".");
  const fractionLength = point < 0 ? 0 : mantissa.length - point - 1;
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  // Loops, not /0+$/, which takes quadratic time on a long run of zeros before another digit.
  let start = 0;
  while (digits.charCodeAt(start) === zero) start += 1;
  let end = digits.length;
  while (end > start && digits.charCodeAt(end - 1) === zero) end -= 1;
  return {
    digits: digits.slice(start, end),
    exponent: power - fractionLength + (digits.length - end),
  };
}

const advice = "send it as a string";

const fault = (source: string, reason: string): string =>
  `the number ${shorten(source)} ${reason}; ${advice}`;

/**
 * Why a number, judged by its decimal source text (JSON's or YAML's), would not survive as a
 * double: it lies beyond 2^53, vanishes, or has more digits than the double prints again.
 * `undefined` when nothing is lost.
 */
export function numberFault(source: string): string | undefined {
  const written = toDecimal(source);
  if (written.digits === "") return undefined;
  const value = Math.abs(Number(source));
  if (value > largestInteger) return fault(source, "is beyond 2^53 and would be rounded");
  if (value === 0) return fault(source, "is too small and would become 0");
  const kept = toDecimal(String(value));
  if (kept.digits === written.digits && kept.exponent === written.exponent) return undefined;
  return fault(source, `has more digits than a number keeps and would become ${value}`);
}

/** The same for an unsigned integer in YAML's `0x` or `0o` notation. */
export function radixNumberFault(source: string): string | undefined {
  const value = Number(source);
  if (value <= largestInteger && BigInt(source) === BigInt(value)) return undefined;
  return fault(source, "is beyond 2^53 and would be rounded");
}
