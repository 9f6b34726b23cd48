const longestTitle = 1_000;
// Four bytes each at most, it leaves room in an entry.
const longestDescription = 30_000;

/** As a title of an entry can be: trimmed, not too long, and never empty. */
export const fitTitle = (title: string, fallback: string): string =>
  title.trim().slice(0, longestTitle).toWellFormed().trim() || fallback;

export const fitDescription = (text: string): string =>
  text.slice(0, longestDescription).toWellFormed();

/** What is kept beside a text that had to be made to fit. */
export const original = (
  member: "title" | "description",
  text: string,
  fitted: string,
): { title?: string; description?: string } => (text === fitted ? {} : { [member]: text });

/** The text as the document has it, unless it was changed here since. */
export const toldText = (now: string, kept: unknown, fit: (text: string) => string): string =>
  typeof kept === "string" && fit(kept) === now ? kept : now;
