import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import type { Session } from "./session.ts";

interface Exchange<Answer> {
  readonly url: URL;
  /** With a `signal` of its own, that one ends the exchange in place of the session's timeout. */
  readonly init: RequestInit;
  readonly read: (response: Response) => Promise<Answer>;
  /** The command that shows whether a write was acted on, for where no answer tells. */
  readonly shownBy?: string;
}

interface Outcome<Answer> {
  readonly answer: Answer;
  /** Whether an attempt before the one that got this answer may have been acted on. */
  readonly mayBeRepeat: boolean;
}

const mostRetries = 3;
const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** Answers that say nothing about the request itself: a repeat may fare better. */
const passing = new Set([429, 502, 503, 504]);

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  // A refusal on several addresses has an empty message and only a code.
  return cause.message || ("code" in cause ? String(cause.code) : cause.name);
};

/** Whether a request without an answer may have been acted on: not where no connection came about. */
const mayHaveArrived = (error: unknown): boolean => {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return !["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN"].includes(code);
};

/** @param shownBy the command that shows a write, where one may have been acted on */
const unanswered = (session: Session, error: unknown, shownBy: string | undefined): Failure => {
  const place = session.url.origin;
  const outcome =
    shownBy === undefined ? "" : ` The change may have been committed: \`${shownBy}\` shows it.`;
  if (error instanceof Error && error.name === "TimeoutError") {
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
      detail: `${place} cannot be reached: ${reasonOf(error)}.${outcome}`,
      code: "UNREACHABLE",
    },
    {
      hint: "Is it running there? --url, FAIRLEAD_URL or --profile names another place.",
      cause: error,
    },
  );
};

const delayMsBefore = (
  attempt: number,
  answer: { readonly headers: Headers } | undefined,
): number => {
  const backoffMs = firstDelayMs * 2 ** attempt * (1 + Math.random() / 2);
  const wantedMs = Number(answer?.headers.get("Retry-After") ?? 0) * 1000;
  return Math.min(longestDelayMs, Math.max(backoffMs, Number.isNaN(wantedMs) ? 0 : wantedMs));
};

const pause = (delayMs: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, delayMs);
  });

/**
 * One exchange, repeated up to three times within the session's timeout where it failed in passing.
 * Every attempt is the same, headers included, so an Idempotency-Key makes it safe for writes.
 * @throws Failure where there is no answer
 */
export const exchangeWithRetries = async <Answer extends Pick<Response, "status" | "headers">>(
  session: Session,
  { url, init, read, shownBy }: Exchange<Answer>,
): Promise<Outcome<Answer>> => {
  const timeoutMs = session.timeoutSeconds * 1000;
  const deadlineMs = performance.now() + timeoutMs;
  const signal = init.signal ?? AbortSignal.timeout(timeoutMs);
  // A followed redirect could turn a POST into a GET, so none is.
  const bounded = { ...init, redirect: "manual", signal } as const;
  let mayBeCommitted = false;
  for (let attempt = 0; ; attempt += 1) {
    const mayBeRepeat = mayBeCommitted;
    const outcome = await (session.io.fetch ?? fetch)(url, bounded)
      .then(read)
      .then(
        (answer) => ({ answer, error: undefined }),
        (error: unknown) => ({ error, answer: undefined }),
      );
    const arrived = outcome.answer !== undefined || mayHaveArrived(outcome.error);
    mayBeCommitted ||= init.method !== "GET" && arrived;
    const worthRepeating = outcome.answer === undefined || passing.has(outcome.answer.status);
    const delayMs = delayMsBefore(attempt, outcome.answer);
    const isLast = attempt === mostRetries || performance.now() + delayMs > deadlineMs;
    if (!worthRepeating || isLast) {
      if (outcome.answer !== undefined) return { answer: outcome.answer, mayBeRepeat };
      throw unanswered(session, outcome.error, mayBeCommitted ? shownBy : undefined);
    }
    await (session.io.wait ?? pause)(delayMs);
  }
};
