/** Characters that a terminal acts on, that reorder text, or that end a line where none ends. */
const interpreted = /[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029\ufeff]/gu;
const interpretedButNewline = /[[\p{Cc}\p{Bidi_Control}\p{Cs}\u2028\u2029\ufeff]--\n]/gv;

const escaped = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line of text that no terminal interprets: control and direction characters as `\uXXXX`. */
export const printable = (text: string): string => text.replace(interpreted, escaped);

/** JSON of the same meaning that no terminal interprets. Absent (`undefined`) becomes `null`. */
export const printableJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value ?? null, null, indent).replace(interpretedButNewline, escaped);

/** Lines of JSON (NDJSON), of the same meaning, that no terminal interprets. */
export const printableLines = (lines: string): string =>
  lines.replace(interpretedButNewline, escaped);

const plain = /^[\x20-\x7e]*$/;
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}])/u;
const invisible = /^[\p{Mn}\p{Me}\p{Cf}]/u;
const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

const cellsOf = (grapheme: string): number => {
  if (wide.test(grapheme)) return 2;
  return invisible.test(grapheme) ? 0 : 1;
};

/** Cells that a printable text takes on a terminal. */
export const displayWidth = (text: string): number => {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) cells += cellsOf(segment);
  return cells;
};

/** The text, cut to `width` cells with `…` as the last one where it is longer. */
export const truncate = (text: string, width: number): string => {
  if (displayWidth(text) <= width) return text;
  let cells = 0;
  let kept = "";
  for (const { segment } of segmenter.segment(text)) {
    cells += cellsOf(segment);
    if (cells > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
};
