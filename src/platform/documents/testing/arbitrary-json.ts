import * as fc from "fast-check";
import type { Json } from "../../json.ts";

const forbidden = new Set(["__proto__", "constructor", "prototype"]);

/** Any characters but those that are refused. */
const text = fc
  .oneof(fc.string(), fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }))
  .filter((candidate) => !candidate.includes("\0") && candidate.isWellFormed());

/** Texts that other types and YAML's own syntax look like. */
const trickyWords =
  "~ null yes on No true 012 0x1F 0o7 1e3 1_000 +1 .inf .nan 2020-01-01 12:30:45 << = - ? : # " +
  "&a *a !a | > % @ ` ' \" \\ { [ --- ... \u0085 \u2028 \uFEFF \u007F";
const trickyLines = [
  "",
  " ",
  "\t",
  "\n",
  "\r",
  "a\n",
  "a\n\nb",
  " a\n b",
  "a\r\nb",
  "a ",
  "a: b",
  "a #b",
];
const trickyText = fc.constantFrom(...trickyWords.split(" "), ...trickyLines);

const name = fc.oneof(text, trickyText).filter((candidate) => !forbidden.has(candidate));

const number = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }),
);

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    number,
    fc.oneof(text, trickyText),
    fc.array(tie("value")),
    fc.dictionary(name, tie("value"), { noNullPrototype: true }),
  ),
}));

/** JSON that every strict reader must take. */
export const arbitraryJson: fc.Arbitrary<Json> = value;
