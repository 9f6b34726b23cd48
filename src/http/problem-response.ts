import { catalogue, Problem } from "../errors.ts";
import { describeError, type Logger } from "../platform/log.ts";
import { isUnavailable, unavailable } from "../platform/sql.ts";

/**
 * The answer to anything thrown: an RFC 9457 problem document. What is not a Problem becomes
 * `UNAVAILABLE` (the database is away) or `INTERNAL`, whose cause only the log sees.
 */
export const problemResponse = (error: unknown, requestId: string, log: Logger): Response => {
  const problem = toProblem(error);
  const { status, title } = catalogue[problem.code];
  if (problem.code === "INTERNAL") {
    log.error("request failed", { requestId, ...describeError(problem.cause ?? problem) });
  } else if (status >= 500) {
    // While the database is away there are many of these, and a stack says nothing new.
    const { error: cause } = describeError(problem.cause ?? problem);
    log.warn("request refused", { requestId, code: problem.code, cause });
  }
  const body = {
    type: `/docs/errors/${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    requestId,
    ...(problem.errors.length === 0 ? {} : { errors: problem.errors }),
    ...problem.members,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...problem.headers,
    },
  });
};

const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return unavailable(error);
  return new Problem("INTERNAL", "The request failed for a reason inside Fairlead.", {
    cause: error,
  });
};
