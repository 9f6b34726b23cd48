import { withDeadline } from "../platform/with-deadline.ts";

const queryTimeoutMs = 10_000;

/** A connection that swallows bytes must not stop a drain for ever. */
export const inTime = <Result>(query: Promise<Result>): Promise<Result> =>
  withDeadline(query, queryTimeoutMs);
