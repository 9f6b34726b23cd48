import { expect } from "vitest";
import type { Reply } from "../helpers/http-api.ts";

const statuses = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE: 422,
  LARGE_CHANGE: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  HEADERS_TOO_LARGE: 431,
} as const;

type Code = keyof typeof statuses;

interface ExpectedProblem {
  /** Text that the `detail` holds. */
  readonly detail?: string;
  /** The paths of `errors`, all of them, in order. */
  readonly paths?: readonly string[];
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string }[];
}

declare module "vitest" {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>> {
    /** The answer has a status; if it has not, the report shows its body. */
    toHaveStatus(status: number): R;
    /** The answer is a problem with a code, and with the status that the code stands for. */
    toBeProblem(code: Code, expected?: ExpectedProblem): R;
  }
}

const showReply = ({ status, text }: Reply): string => `${status} ${text.slice(0, 2_000)}`;

const problemFaults = (
  reply: Reply,
  code: Code,
  { detail = "", paths }: ExpectedProblem,
): string[] => {
  const problem = (typeof reply.body === "object" ? (reply.body ?? {}) : {}) as Problem;
  const faults: string[] = [];
  if (reply.status !== statuses[code]) faults.push(`the status is not ${statuses[code]}`);
  if (problem.code !== code) faults.push(`the code is not ${code}`);
  if (problem.detail?.includes(detail) !== true)
    faults.push(`the detail does not hold "${detail}"`);
  const found = (problem.errors ?? []).map(({ path }) => path);
  if (paths !== undefined && JSON.stringify(found) !== JSON.stringify(paths)) {
    faults.push(`the errors are at ${JSON.stringify(found)}, not at ${JSON.stringify(paths)}`);
  }
  return faults;
};

expect.extend({
  toHaveStatus(reply: Reply, status: number) {
    return {
      pass: reply.status === status,
      message: () => `expected ${status}, but got ${showReply(reply)}`,
    };
  },
  toBeProblem(reply: Reply, code: Code, expected: ExpectedProblem = {}) {
    const faults = problemFaults(reply, code, expected);
    return {
      pass: faults.length === 0,
      message: () => `${faults.join("; ")}: ${showReply(reply)}`,
    };
  },
});
