/** Upper bounds of what is counted of an attempt's time; the last bucket has none. */
export const latencyBucketsSeconds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15,
] as const;

/** The bucket that a time falls into, from 1 on, as arrays of PostgreSQL count. */
export const bucketOf = (seconds: number): number => {
  const found = latencyBucketsSeconds.findIndex((bound) => seconds <= bound);
  return found === -1 ? latencyBucketsSeconds.length + 1 : found + 1;
};
