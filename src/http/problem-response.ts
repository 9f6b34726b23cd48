import { catalogue, Problem } from "../errors.ts";
import { describeError, type Logger } from "../platform/log.ts";
import { isUnavailable, unavailable } from "../platform/sql.ts";

/**
 * The answer to anything thrown: an RFC 9457 problem document. What is not a Problem becomes
 * `UNAVAILABLE` (the database is away) or `INTERNAL`, whose cause only the log sees.
 */
export const problemResponse = (error: unknown, requestId: string, log: Logger): Response => {
  const problem = toProblem(error);
  const { status } = problem;
  if (problem.code === "INTERNAL") {
    log.error("request failed", { requestId, ...describeError(problem.cause ?? problem) });
  } else if (status >= 500) {
    // While the database is away there are many of these, and a stack says nothing new.
    const { error: cause } = describeError(problem.cause ?? problem);
    log.warn("request refused", { requestId, code: problem.code, cause });
  }
  return new Response(JSON.stringify(problemDocument(problem, requestId)), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...problem.headers,
    },
  });
};

/** What an RFC 9457 problem document says; its members in a fixed order. */
export const problemDocument = (problem: Problem, requestId: string): object => ({
  type: `/docs/errors/${problem.code}`,
  title: catalogue[problem.code].title,
  status: problem.status,
  detail: problem.message,
  code: problem.code,
  requestId,
  ...(problem.errors.length === 0 ? {} : { errors: problem.errors }),
  ...problem.members,
});

const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return unavailable(error);
  return new Problem("INTERNAL", "The request failed for a reason inside Fairlead.", {
    cause: error,
  });
};
