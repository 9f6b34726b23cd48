import { Problem } from "../errors.ts";

/**
 * Waits for the database, but not for ever: a connection that swallows bytes must not hold up those
 * who wait. What comes after the deadline is ignored.
 *
 * @param onLate called at the deadline, for who can do something about it
 * @throws Problem `UNAVAILABLE` at the deadline
 */
export const withDeadline = async <Result>(
  waiting: Promise<Result>,
  timeoutMs: number,
  onLate: () => void = () => {},
): Promise<Result> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new Problem("UNAVAILABLE", "The database does not answer.", {
    headers: { "retry-after": "1" },
  });
  const timer = setTimeout(() => {
    reject(late);
    onLate();
  }, timeoutMs);
  try {
    return await Promise.race([waiting, promise]);
  } finally {
    clearTimeout(timer);
  }
};
