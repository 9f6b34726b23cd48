/** Addresses as numbers, so that what is expected of them needs no parser that the product has. */
export interface NumberedAddress {
  readonly family: 4 | 6;
  readonly number: bigint;
}

const of4 = (a: number, b = 0, c = 0, d = 0): bigint => BigInt(((a * 256 + b) * 256 + c) * 256 + d);

/** `[0x2001, 0xdb8]` → the number of 2001:db8::. */
const of6 = (...groups: readonly number[]): bigint =>
  Array.from({ length: 8 }, (_, index) => BigInt(groups[index] ?? 0)).reduce(
    (sum, group) => sum * 65_536n + group,
    0n,
  );

type Range = readonly [name: string, family: 4 | 6, first: bigint, bits: number];

/** From IANA's registries of special-purpose addresses, and metadata services outside of them. */
export const specialRanges: readonly Range[] = [
  ["this network", 4, of4(0), 8],
  ["private 10", 4, of4(10), 8],
  ["carrier-grade NAT", 4, of4(100, 64), 10],
  ["loopback", 4, of4(127), 8],
  ["link-local", 4, of4(169, 254), 16],
  ["metadata", 4, of4(169, 254, 169, 254), 32],
  ["private 172", 4, of4(172, 16), 12],
  ["protocol assignments", 4, of4(192, 0, 0), 24],
  ["documentation 1", 4, of4(192, 0, 2), 24],
  ["AS112 of IPv4", 4, of4(192, 31, 196), 24],
  ["AMT of IPv4", 4, of4(192, 52, 193), 24],
  ["6to4 relays", 4, of4(192, 88, 99), 24],
  ["private 192", 4, of4(192, 168), 16],
  ["AS112 direct", 4, of4(192, 175, 48), 24],
  ["benchmarking of IPv4", 4, of4(198, 18), 15],
  ["documentation 2", 4, of4(198, 51, 100), 24],
  ["documentation 3", 4, of4(203, 0, 113), 24],
  ["multicast of IPv4", 4, of4(224), 4],
  ["reserved", 4, of4(240), 4],
  ["broadcast", 4, of4(255, 255, 255, 255), 32],
  ["Azure's host agent", 4, of4(168, 63, 129, 16), 32],
  ["Alibaba's metadata", 4, of4(100, 100, 100, 200), 32],
  ["unspecified", 6, 0n, 128],
  ["loopback of IPv6", 6, 1n, 128],
  ["IPv4-compatible", 6, 0n, 96],
  ["IPv4-translated", 6, of6(0, 0, 0, 0, 0xffff), 96],
  ["NAT64", 6, of6(0x64, 0xff9b), 96],
  ["local NAT64", 6, of6(0x64, 0xff9b, 1), 48],
  ["discard", 6, of6(0x100), 64],
  ["protocol assignments of IPv6", 6, of6(0x2001), 23],
  ["Teredo", 6, of6(0x2001), 32],
  ["benchmarking of IPv6", 6, of6(0x2001, 2), 48],
  ["ORCHID", 6, of6(0x2001, 0x10), 28],
  ["ORCHID 2", 6, of6(0x2001, 0x20), 28],
  ["documentation of IPv6", 6, of6(0x2001, 0xdb8), 32],
  ["6to4", 6, of6(0x2002), 16],
  ["AS112 of IPv6", 6, of6(0x2620, 0x4f, 0x8000), 48],
  ["6bone", 6, of6(0x3ffe), 16],
  ["documentation 2 of IPv6", 6, of6(0x3fff), 20],
  ["segment routing", 6, of6(0x5f00), 16],
  ["unique local", 6, of6(0xfc00), 7],
  ["AWS metadata of IPv6", 6, of6(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128],
  ["link-local of IPv6", 6, of6(0xfe80), 10],
  ["site-local", 6, of6(0xfec0), 10],
  ["multicast of IPv6", 6, of6(0xff00), 8],
  ["never handed out, low", 6, of6(0x200), 7],
  ["never handed out, high", 6, of6(0x4000), 3],
];

const lengthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);
const sizeOf = ([, family, , bits]: Range): bigint => 1n << BigInt(lengthOf(family) - bits);

const isGlobalUnicast = (number: bigint): boolean => number >> 125n === 1n;
const mappedPrefix = 0xffffn;

/** What the registries say of an address; an IPv4 one within IPv6 counts as what it stands for. */
export const isPublicByRegistry = ({ family, number }: NumberedAddress): boolean => {
  if (family === 6 && number >> 32n === mappedPrefix) {
    return isPublicByRegistry({ family: 4, number: number & 0xffff_ffffn });
  }
  const isSpecial = specialRanges.some(
    (range) => range[1] === family && number >= range[2] && number < range[2] + sizeOf(range),
  );
  return !isSpecial && (family === 4 || isGlobalUnicast(number));
};

/** The edges of a range, its middle, and what lies just outside. */
export const addressesAround = (range: Range): readonly NumberedAddress[] => {
  const [, family, first] = range;
  const size = sizeOf(range);
  const numbers = [first - 1n, first, first + size / 2n, first + size - 1n, first + size];
  return [...new Set(numbers)]
    .filter((number) => number >= 0n && number < 1n << BigInt(lengthOf(family)))
    .map((number) => ({ family, number }));
};

export const publicAddresses: readonly NumberedAddress[] = [
  { family: 4, number: of4(1, 1, 1, 1) },
  { family: 4, number: of4(93, 184, 216, 34) },
  { family: 4, number: of4(223, 255, 255, 255) },
  { family: 6, number: of6(0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111) },
  { family: 6, number: of6(0x2a00, 0x1450, 0x4001, 0x82a, 0, 0, 0, 0x200e) },
];

const octetsOf = (number: bigint): number[] =>
  [24n, 16n, 8n, 0n].map((shift) => Number((number >> shift) & 255n));

const groupsOf = (number: bigint): string[] =>
  Array.from({ length: 8 }, (_, index) =>
    ((number >> BigInt(112 - 16 * index)) & 65_535n).toString(16),
  );

/** The usual spelling, as name servers give it. */
export const plainSpelling = ({ family, number }: NumberedAddress): string =>
  family === 4 ? octetsOf(number).join(".") : groupsOf(number).join(":");

const spellings4 = (number: bigint): string[] => {
  const octets = octetsOf(number);
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  const dotted = octets.join(".");
  const hexadecimal = number.toString(16).padStart(8, "0");
  return [
    dotted,
    `${dotted}.`,
    String(number),
    `0x${hexadecimal}`,
    `0X${hexadecimal.toUpperCase()}`,
    `0${number.toString(8)}`,
    octets.map((octet) => `0x${octet.toString(16)}`).join("."),
    octets.map((octet) => `0${octet.toString(8)}`).join("."),
    octets.map((octet) => `0x${octet.toString(16).padStart(10, "0")}`).join("."),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `0x${a.toString(16)}.0${b.toString(8)}.${c * 256 + d}`,
    dotted.replaceAll(/./g, fullWidth),
    dotted.replaceAll(".", "。"),
    dotted.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16)}`),
    `[::ffff:${dotted}]`,
    `[::ffff:${hexadecimal.slice(0, 4)}:${hexadecimal.slice(4)}]`,
    `[0000:0000:0000:0000:0000:FFFF:${dotted}]`,
  ];
};

const fullWidth = (character: string): string =>
  character === "." ? "．" : String.fromCodePoint(character.charCodeAt(0) + 0xfee0);

const spellings6 = (number: bigint): string[] => {
  const groups = groupsOf(number);
  const padded = groups.map((group) => group.padStart(4, "0"));
  const low = octetsOf(number & 0xffff_ffffn).join(".");
  return [
    `[${groups.join(":")}]`,
    `[${padded.join(":")}]`,
    `[${padded.join(":").toUpperCase()}]`,
    `[${groups.slice(0, 6).join(":")}:${low}]`,
    `[${shortened(groups)}]`,
  ];
};

/** With `::` for the zeros at the beginning or the end, whichever are more. */
const shortened = (groups: readonly string[]): string => {
  const text = groups.join(":");
  return [text.replace(/^(0:)+/, "::"), text.replace(/(:0)+$/, "::")].toSorted(
    (one, other) => one.length - other.length,
  )[0]!;
};

/** Every way in which a URL may write the address. */
export const spellingsInUrls = ({ family, number }: NumberedAddress): readonly string[] =>
  family === 4 ? spellings4(number) : spellings6(number);
