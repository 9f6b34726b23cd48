/**
 * Text from outside as one line of plain words: nothing that moves, hides or breaks what stands around
 * it, at most so many characters.
 */
export const plainText = (text: string, maxCharacters: number): string => {
  // Longer ones are cut anyway, and what is dropped below is at most a part.
  const line = text
    .slice(0, maxCharacters * 8)
    .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
    .trim();
  const characters = Array.from(line);
  return characters.length > maxCharacters
    ? `${characters.slice(0, maxCharacters - 1).join("")}…`
    : line;
};
