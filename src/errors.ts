/**
 * The one catalogue of errors: what a code means, which status it has, and what its reader can do.
 * The pages in docs/errors are written from it (`npm run docs`), and each problem's `type` links there.
 */

interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
  readonly remedy: string;
}

export const catalogue = {
  INVALID_INPUT: {
    status: 400,
    title: "The request is not valid",
    meaning:
      "The body, a query parameter, a path segment or a header does not have the shape that the route declares, or the body is not well-formed JSON or YAML.",
    remedy:
      "Read `errors`: each item names the place (`path`) and says what is wrong with it. The expected shape is in the OpenAPI document.",
  },
  UNAUTHENTICATED: {
    status: 401,
    title: "No valid credentials",
    meaning:
      "The request has no credentials, or they are not known to this deployment, have expired or were revoked.",
    remedy:
      "Send `Authorization: Bearer <key>` or `X-API-Key: <key>`. The first start prints the administrator's key and keeps it in the data directory as `admin.key`.",
  },
  FORBIDDEN: {
    status: 403,
    title: "Not allowed",
    meaning:
      "The credentials are valid, but no grant permits this action here. What may not even be read is `NOT_FOUND` instead.",
    remedy:
      "`GET /v1/whoami` shows your grants. Ask an administrator for one that covers the action and its scope.",
  },
  NOT_FOUND: {
    status: 404,
    title: "Not found",
    meaning:
      "The route, entry, environment, app, revision or version that the request names does not exist.",
    remedy:
      "Check the spelling of what `detail` names. Names are case-sensitive; `GET /v1/environments` and `GET /v1/apps` list what exists for your key. What its grants do not let it read is answered as missing; `GET /v1/whoami` shows them.",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "Method not allowed",
    meaning: "The path exists, but not with this method.",
    remedy: "Use one of the methods in the `Allow` header.",
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: "The request took too long to arrive",
    meaning:
      "The connection was open, but the request, or what was left of it, did not arrive in time. A change that was not received whole is not committed.",
    remedy: "Send the request again, on a new connection.",
  },
  CONFLICT: {
    status: 409,
    title: "The state has moved on",
    meaning:
      "A compare-and-set was lost: an entry has another version than `expectedVersion`, has changed after `expectedRevision`, or exists already. Nothing was committed.",
    remedy:
      "`conflicts` carries the current version, revision and value of each entry. Read it, decide anew, and send the change with the current version.",
  },
  PRECONDITION_FAILED: {
    status: 412,
    title: "Precondition failed",
    meaning:
      "`If-Match` or `If-None-Match` does not hold for the current state, or `minRevision` names a revision that this deployment has not reached. Nothing was committed.",
    remedy: "Read the resource again, take its `ETag` or `Config-Revision`, and decide anew.",
  },
  GONE: {
    status: 410,
    title: "No longer kept",
    meaning: "What the request names existed once and is past its retention.",
    remedy: "Read the current state instead.",
  },
  TOO_LARGE: {
    status: 413,
    title: "Too large",
    meaning: "The body, a value, a schema or the number of operations is over its limit.",
    remedy:
      "`detail` names the limit and the size. Split the change set, or keep large content elsewhere and store a reference. Operators can raise limits; see docs/operations.md.",
  },
  URI_TOO_LONG: {
    status: 414,
    title: "The path and query are too long",
    meaning: "The path and query of the request are longer than 8192 characters.",
    remedy: "Check what the client puts into the query. What is long belongs into a body.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "Unsupported media type",
    meaning: "The `Content-Type` of the body is not one that this route reads.",
    remedy: "Send `application/json`, or `application/yaml` where the route says so.",
  },
  UNPROCESSABLE: {
    status: 422,
    title: "A rule refuses the change",
    meaning:
      "The request is well-formed, but a rule of the kind or a JSON Schema refuses a value that it would make effective. Nothing was committed.",
    remedy:
      "Read `errors`: each item names the operation or the effective value and the rule that refuses it.",
  },
  LARGE_CHANGE: {
    status: 422,
    title: "The change is larger than the guard rail allows",
    meaning:
      "The change set would empty a layer, or delete or change more than half of a layer of 20 keys or more. Nothing was committed.",
    remedy:
      "Look at the preview: the same change set with `dryRun: true` and `allowLargeChange: true`. If that is what you want, send it with `allowLargeChange: true` alone.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    title: "The Idempotency-Key was used for another request",
    meaning:
      "The same actor used this `Idempotency-Key` on this route within 24 hours with a different body. Nothing was committed.",
    remedy: "Use a new key for a new request; repeat a key only with the very same body.",
  },
  RATE_LIMITED: {
    status: 429,
    title: "Too many requests",
    meaning: "The caller has sent more requests than it may.",
    remedy: "Wait for the number of seconds in `Retry-After`.",
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: "The headers are too large",
    meaning:
      "The path, query and headers of the request are larger than the limit, or there are too many headers.",
    remedy:
      "Send fewer or shorter headers: cookies, for one, are of no use here. Operators can raise the limit, `MAX_HEADER_BYTES`; see docs/operations.md.",
  },
  INTERNAL: {
    status: 500,
    title: "Internal error",
    meaning: "Fairlead failed in a way that it did not foresee. The cause is in its log.",
    remedy: "Report the `requestId` to whoever operates the deployment.",
  },
  UNAVAILABLE: {
    status: 503,
    title: "Temporarily unavailable",
    meaning:
      "The database cannot be reached, or the service is overloaded or stopping. A change that was answered so is committed as a whole or not at all.",
    remedy:
      "Retry after the number of seconds in `Retry-After`. Repeat a write with the same `Idempotency-Key`, so that it happens once.",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** One wrong place in the input. `path` is dotted (`operations.0.key`) and empty for the whole. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface ProblemOptions {
  readonly errors?: readonly FieldError[];
  /** Further public members of the problem document, such as `conflicts`. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes to the log, never to the client. */
  readonly cause?: unknown;
  /** Says "not found" for want of a permission: the audit log counts it, the client sees no difference. */
  readonly isRefusal?: boolean;
}

/** The one error class. `message` is public text; what is internal goes into `cause`. */
export class Problem extends Error {
  readonly code: ErrorCode;
  readonly errors: readonly FieldError[];
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly isRefusal: boolean;

  constructor(code: ErrorCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = "Problem";
    this.code = code;
    this.errors = options.errors ?? [];
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
    this.isRefusal = options.isRefusal ?? (code === "UNAUTHENTICATED" || code === "FORBIDDEN");
  }

  get status(): number {
    return catalogue[this.code].status;
  }
}

/** `INVALID_INPUT` for one place. */
export const invalidInput = (path: string, message: string): Problem =>
  new Problem("INVALID_INPUT", path === "" ? message : `${path}: ${message}`, {
    errors: [{ path, message }],
  });
