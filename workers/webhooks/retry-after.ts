/**
 * How long an answer asks to wait, in milliseconds: seconds, or a date (RFC 9110, 10.2.3). A date is
 * measured from the answer's own `date`, so that clocks that differ do no harm.
 */
export const parseRetryAfter = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
  nowMs: number,
): number | undefined => {
  const text = first(headers["retry-after"]);
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  const untilMs = parseDate(text);
  if (untilMs === undefined) return undefined;
  const sinceMs = parseDate(first(headers["date"]) ?? "") ?? nowMs;
  return Math.max(0, untilMs - sinceMs);
};

const first = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.trim();

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and the two older forms, which begin with a day as well. */
const parseDate = (text: string): number | undefined => {
  const timeMs = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
};
