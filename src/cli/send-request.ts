import { randomUUID } from "node:crypto";
import type { ZodType } from "zod";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { Failure, type ProblemDocument } from "./failure.ts";
import type { Session } from "./session.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Request<Shape> {
  readonly method?: "GET" | "POST";
  /** Below the server's URL, each segment percent-encoded: `v1/config/db.url`. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly shape: ZodType<Shape>;
}

export interface Answer<Shape> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Shape;
}

interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const mostRetries = 3;
const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** Answers that say nothing about the request itself: a repeat may fare better. */
const passing = new Set([429, 502, 503, 504]);

const addressOf = (session: Session, path: string, query: Query = {}): URL => {
  const url = new URL(session.url);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  url.search = "";
  url.hash = "";
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
};

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  // A refusal on several addresses has an empty message and only a code.
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
};

const asUnreachable = (session: Session, method: string, error: unknown): Failure => {
  const place = session.url.origin;
  if (error instanceof Error && error.name === "TimeoutError") {
    const outcome =
      method === "POST" ? " The change may have been committed: `fairlead changes` shows it." : "";
    const detail = `${place} did not answer within ${session.timeoutSeconds} s.${outcome}`;
    return new Failure(exitCodes.unavailable, {
      title: "No answer in time",
      detail,
      code: "TIMEOUT",
    });
  }
  return new Failure(
    exitCodes.unavailable,
    {
      title: "No connection",
      detail: `${place} cannot be reached: ${reasonOf(error)}.`,
      code: "UNREACHABLE",
    },
    "Is it running there? --url or FAIRLEAD_URL names another place.",
    error,
  );
};

const exchange = async (session: Session, url: URL, init: RequestInit): Promise<RawAnswer> => {
  const response = await (session.io.fetch ?? fetch)(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

const delayMsBefore = (attempt: number, answer: RawAnswer | undefined): number => {
  const backoffMs = firstDelayMs * 2 ** attempt * (1 + Math.random() / 2);
  const wantedMs = Number(answer?.headers.get("Retry-After") ?? 0) * 1000;
  return Math.min(longestDelayMs, Math.max(backoffMs, Number.isNaN(wantedMs) ? 0 : wantedMs));
};

const pause = (delayMs: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, delayMs);
  });

/** Repeats what failed in passing. Safe for writes, as every attempt carries the same Idempotency-Key. */
const exchangeWithRetries = async (
  session: Session,
  url: URL,
  init: RequestInit,
): Promise<RawAnswer> => {
  const timeoutMs = session.timeoutSeconds * 1000;
  const deadlineMs = performance.now() + timeoutMs;
  // A followed redirect could turn a POST into a GET, so none is.
  const bounded = { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) } as const;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await exchange(session, url, bounded).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error, answer: undefined }),
    );
    const worthRepeating = outcome.answer === undefined || passing.has(outcome.answer.status);
    const delayMs = delayMsBefore(attempt, outcome.answer);
    const isLast = attempt === mostRetries || performance.now() + delayMs > deadlineMs;
    if (!worthRepeating || isLast) {
      if (outcome.answer === undefined) throw outcome.error;
      return outcome.answer;
    }
    await (session.io.wait ?? pause)(delayMs);
  }
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isProblem = (body: unknown): body is ProblemDocument =>
  typeof body === "object" && body !== null && "title" in body && typeof body.title === "string";

const hints: Readonly<Record<string, string>> = {
  UNAUTHENTICATED:
    "Set FAIRLEAD_API_KEY. The first start of a server keeps the administrator's key in its data directory as admin.key.",
  LARGE_CHANGE: "Look at --dry-run first; --allow-large-change lets it through.",
};

const failureOf = (session: Session, answer: RawAnswer): Failure => {
  const { status } = answer;
  const body = parsed(answer.text);
  if (isProblem(body)) {
    return new Failure(exitCodeOf(status), body, hints[body.code ?? ""]);
  }
  const place = answer.headers.get("Location");
  const detail =
    place === null
      ? `${session.url.origin} answered ${status} without saying why.`
      : `${session.url.origin} sends on to ${place}: name the right place with --url.`;
  return new Failure(exitCodeOf(status), {
    title: "Unexpected answer",
    status,
    detail,
    code: "UNEXPECTED_ANSWER",
  });
};

const headersOf = (session: Session, body: unknown): Headers => {
  const headers = new Headers({ Accept: "application/json" });
  if (session.apiKey !== undefined) headers.set("Authorization", `Bearer ${session.apiKey}`);
  if (body !== undefined) {
    headers.set("Content-Type", "application/json");
    headers.set("Idempotency-Key", randomUUID());
  }
  return headers;
};

/**
 * One request and its answer. Retries up to three times with backoff what cannot connect or is told
 * to come again; a request with a body carries one random Idempotency-Key through all attempts.
 * @throws Failure for a status that is no success, no answer, or an answer of another shape
 */
export const sendRequest = async <Shape>(
  session: Session,
  { method = "GET", path, query, body, shape }: Request<Shape>,
): Promise<Answer<Shape>> => {
  const url = addressOf(session, path, query);
  const init: RequestInit = {
    method,
    headers: headersOf(session, body),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  const answer = await exchangeWithRetries(session, url, init).catch((error: unknown) => {
    throw asUnreachable(session, method, error);
  });
  if (answer.status < 200 || answer.status > 299) throw failureOf(session, answer);
  const result = shape.safeParse(parsed(answer.text));
  if (!result.success) {
    const detail = `${session.url.origin} answered ${method} /${path} in a shape that this fairlead does not know. Is it a Fairlead server of this version?`;
    throw new Failure(
      exitCodes.failure,
      { title: "Unexpected answer", detail, code: "UNEXPECTED_ANSWER" },
      undefined,
      result.error,
    );
  }
  return { status: answer.status, headers: answer.headers, body: result.data };
};
