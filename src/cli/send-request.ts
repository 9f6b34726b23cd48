import { randomUUID } from "node:crypto";
import type { ZodType } from "zod";
import { exchangeWithRetries, type RawAnswer } from "./exchange-with-retries.ts";
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
  LARGE_CHANGE:
    "--dry-run --allow-large-change previews it; --allow-large-change alone lets it through.",
};

const failureOf = (session: Session, answer: RawAnswer): Failure => {
  const { status } = answer;
  const body = parsed(answer.text);
  if (isProblem(body)) {
    const page = body.type === undefined ? null : URL.parse(body.type, session.url);
    const isPage = page !== null && /^https?:$/.test(page.protocol);
    return new Failure(exitCodeOf(status), body, {
      hint: hints[body.code ?? ""],
      page: isPage ? page.href : undefined,
    });
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
  const answer = await exchangeWithRetries(session, url, init);
  if (answer.status < 200 || answer.status > 299) throw failureOf(session, answer);
  const result = shape.safeParse(parsed(answer.text));
  if (!result.success) {
    const detail = `${session.url.origin} answered ${method} /${path} in a shape that this fairlead does not know. Is it a Fairlead server of this version?`;
    throw new Failure(
      exitCodes.failure,
      { title: "Unexpected answer", detail, code: "UNEXPECTED_ANSWER" },
      { cause: result.error },
    );
  }
  return { status: answer.status, headers: answer.headers, body: result.data };
};
