import type { Backoff } from "./consumer.ts";

/** How long to wait after so many failures in a row: doubled each time, the last quarter by chance. */
export const backoffMs = (
  { baseMs, maxMs }: Backoff,
  attempts: number,
  random: () => number = Math.random,
): number => Math.min(maxMs, baseMs * 2 ** (attempts - 1)) * (0.75 + random() / 4);

const maxReasonLength = 500;

/** What of an error is kept with a consumer, and shown to operators. */
export const reasonOf = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  // PostgreSQL takes no U+0000.
  return text.replaceAll("\u0000", "").slice(0, maxReasonLength) || "unknown";
};
