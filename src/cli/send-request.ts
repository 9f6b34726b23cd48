import { randomUUID } from "node:crypto";
import type { ZodType } from "zod";
import packageJson from "../../package.json" with { type: "json" };
import { exchangeWithRetries } from "./exchange-with-retries.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { Failure, type ProblemDocument } from "./failure.ts";
import type { Session } from "./session.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Request<Shape> {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the server's URL, each segment percent-encoded: `v1/config/db.url`. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  /** Of a POST that is repeated beyond what `sendRequest` does; a random one if absent. */
  readonly idempotencyKey?: string;
  /** Of an answer 204, which has no body: `undefined`. */
  readonly shape: ZodType<Shape>;
  /** The command that shows what a write did, for messages; `fairlead changes` if absent, null: none. */
  readonly shownBy?: string | null;
}

/** An answer as it came, whatever its status. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface Answer<Shape> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Shape;
}

/** The URL of a path below the server's. */
export const addressOf = (session: Session, path: string, query: Query = {}): URL => {
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
    "Set FAIRLEAD_API_KEY, or name a profile of this server with --profile. The first start of a server keeps the administrator's key in its data directory as admin.key.",
  FORBIDDEN: "`fairlead whoami` shows what your key may do.",
  LARGE_CHANGE:
    "--dry-run --allow-large-change previews it; --allow-large-change alone lets it through.",
};

/** The failure that an answer without success stands for. */
export const failureOf = (session: Session, answer: RawAnswer, hint?: string): Failure => {
  const { status } = answer;
  const body = parsed(answer.text);
  if (isProblem(body)) {
    const page = body.type === undefined ? null : URL.parse(body.type, session.url);
    const isPage = page !== null && /^https?:$/.test(page.protocol);
    return new Failure(exitCodeOf(status), body, {
      hint: hint ?? hints[body.code ?? ""],
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

/** The failure for an answer that is no answer of a Fairlead server. */
export const unknownShape = (
  session: Session,
  method: string,
  path: string,
  cause?: unknown,
): Failure => {
  const detail = `${session.url.origin} answered ${method} /${path} in a shape that this fairlead does not know. Is it a Fairlead server of this version?`;
  return new Failure(
    exitCodes.failure,
    { title: "Unexpected answer", detail, code: "UNEXPECTED_ANSWER" },
    { cause },
  );
};

/** What every request says about itself and who asks. */
export const headersOf = ({ apiKey }: Session, accept: string): Headers => {
  // The audit log keeps it.
  const agent = `fairlead/${packageJson.version}`;
  const headers = new Headers({ Accept: accept, "User-Agent": agent });
  if (apiKey !== undefined) headers.set("Authorization", `Bearer ${apiKey}`);
  return headers;
};

const initOf = (
  session: Session,
  method: string,
  { body, idempotencyKey }: Pick<Request<unknown>, "body" | "idempotencyKey">,
): RequestInit => {
  const headers = headersOf(session, "application/json");
  // PUT, PATCH and DELETE say themselves what is to be, however often.
  if (method === "POST") headers.set("Idempotency-Key", idempotencyKey ?? randomUUID());
  if (body === undefined) return { method, headers };
  headers.set("Content-Type", "application/json");
  return { method, headers, body: JSON.stringify(body) };
};

/** Reads an answer as a whole. */
export const readWhole = async (response: Response): Promise<RawAnswer> => ({
  status: response.status,
  headers: response.headers,
  text: await response.text(),
});

/** A first attempt that got no answer may be why what it deleted is no longer there. */
const repeatHint = (method: string, status: number, shownBy: string | null): string | undefined =>
  method === "DELETE" && status === 404 && shownBy !== null
    ? `An earlier attempt got no answer and may have done it: \`${shownBy}\` shows it.`
    : undefined;

/**
 * One request and its answer. Retries up to three times with backoff what cannot connect or is told
 * to come again; a POST carries one random Idempotency-Key through all attempts.
 * @throws Failure for a status that is no success, no answer, or an answer of another shape
 */
export const sendRequest = async <Shape>(
  session: Session,
  request: Request<Shape>,
): Promise<Answer<Shape>> => {
  const { method = "GET", path, query, shape, shownBy = "fairlead changes" } = request;
  const { answer, mayBeRepeat } = await exchangeWithRetries(session, {
    url: addressOf(session, path, query),
    init: initOf(session, method, request),
    read: readWhole,
    ...(shownBy === null ? {} : { shownBy }),
  });
  const { status, headers, text } = answer;
  if (status < 200 || status > 299) {
    const hint = mayBeRepeat ? repeatHint(method, status, shownBy) : undefined;
    throw failureOf(session, answer, hint);
  }
  // What is no JSON must not pass for the empty answer.
  const result = shape.safeParse(status === 204 ? undefined : (parsed(text) ?? null));
  if (!result.success) throw unknownShape(session, method, path, result.error);
  return { status, headers, body: result.data };
};
