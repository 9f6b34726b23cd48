/** A number as the decimal that it is written as: `mantissa` times ten to the `exponent`. */
interface Decimal {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const readDecimal = (value: number): Decimal => {
  const [digits = "0", exponent = "0"] = String(Math.abs(value)).split("e");
  const [whole = "0", fraction = ""] = digits.split(".");
  return { mantissa: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
};

/**
 * Whether a number is a multiple of a positive divisor. Counts with the decimals as written, since
 * with binary fractions 19.99 would not be a multiple of 0.01. Both are finite.
 */
export const isMultipleOf = (value: number, divisor: number): boolean => {
  if (Number.isSafeInteger(value) && Number.isSafeInteger(divisor)) return value % divisor === 0;
  const dividend = readDecimal(value);
  const unit = readDecimal(divisor);
  const shift = dividend.exponent - unit.exponent;
  return shift >= 0
    ? (dividend.mantissa * 10n ** BigInt(shift)) % unit.mantissa === 0n
    : dividend.mantissa % (unit.mantissa * 10n ** BigInt(-shift)) === 0n;
};
