import { catalogue, type ErrorCode, type FieldError } from "../../errors.ts";

interface Occurrence {
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly members?: Readonly<Record<string, unknown>>;
}

interface ExampleProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
  readonly [member: string]: unknown;
}

const at = (path: string, message: string): Occurrence => ({
  detail: `${path}: ${message}`,
  errors: [{ path, message }],
});

const occurrences: Readonly<Record<ErrorCode, Occurrence>> = {
  INVALID_INPUT: at("operations.0.op", 'must have an "op" of "put" or "delete"'),
  UNAUTHENTICATED: { detail: "The API key is not known here." },
  FORBIDDEN: { detail: "Writing config in payments/production needs a grant that covers it." },
  NOT_FOUND: at("operations.0.environment", 'there is no environment "prodution"'),
  METHOD_NOT_ALLOWED: { detail: "PATCH is not allowed here; GET and PUT are." },
  REQUEST_TIMEOUT: { detail: "The request did not arrive in time." },
  CONFLICT: {
    ...at("operations.0.expectedVersion", "expected version 3, but the entry has version 4"),
    members: {
      currentRevision: 42,
      currentVersion: 4,
      conflicts: [
        {
          path: "operations.0.expectedVersion",
          currentVersion: 4,
          currentRevision: 42,
          currentValue: 20,
        },
      ],
    },
  },
  PRECONDITION_FAILED: at("operations.0", "If-Match does not hold; the entry has version 4"),
  GONE: { detail: "Change sets before revision 1200 are no longer kept." },
  TOO_LARGE: { detail: "The body is larger than the limit of 8388608 bytes." },
  URI_TOO_LONG: { detail: "The path and query are longer than 8192 characters." },
  UNSUPPORTED_MEDIA_TYPE: { detail: "This route reads application/json, not text/plain." },
  UNPROCESSABLE: at(
    "operations.0.value",
    "must be at most 100, as the schema of payments/* says, but is 500",
  ),
  LARGE_CHANGE: at("operations", "empties the config layer payments/production of its 24 keys"),
  IDEMPOTENCY_KEY_REUSED: {
    detail: "This Idempotency-Key was used on this route with another body.",
  },
  RATE_LIMITED: { detail: "The limit is 100 requests a second; try again in 2 seconds." },
  HEADERS_TOO_LARGE: {
    detail: "The path, query and headers are larger than the limit of 16384 bytes.",
  },
  INTERNAL: { detail: "The request failed for a reason inside Fairlead." },
  UNAVAILABLE: { detail: "The database cannot be reached; try again in 1 second." },
};

/** A problem document as a client may meet it, for the pages about errors. */
export const exampleProblem = (code: ErrorCode): ExampleProblem => {
  const { detail, errors, members } = occurrences[code];
  return {
    type: `/docs/errors/${code}`,
    title: catalogue[code].title,
    status: catalogue[code].status,
    detail,
    code,
    requestId: "0b9c7f4e-2f4b-4d0e-9a55-6a1f3c1d8e27",
    ...(errors === undefined ? {} : { errors }),
    ...members,
  };
};
