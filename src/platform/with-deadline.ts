import { Problem } from "../errors.ts";

/**
 * Waits for the database, but not for ever: a connection that swallows bytes must not hold up those
 * who wait. What comes after the deadline is ignored.
 *
 * @throws Problem `UNAVAILABLE` at the deadline
 */
export const withDeadline = async <Result>(
  waiting: Promise<Result>,
  timeoutMs: number,
): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new Problem("UNAVAILABLE", "The database does not answer.", {
    headers: { "retry-after": "1" },
  });
  const timer = setTimeout(() => reject(late), timeoutMs);
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    clearTimeout(timer);
  }
};
