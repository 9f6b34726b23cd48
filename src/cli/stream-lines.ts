import { exchangeWithRetries } from "./exchange-with-retries.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import {
  addressOf,
  failureOf,
  headersOf,
  type Query,
  type RawAnswer,
  readWhole,
  unknownShape,
} from "./send-request.ts";
import type { Session } from "./session.ts";
import { watchSilence } from "./watch-silence.ts";

const mediaType = "application/x-ndjson";

const brokenOff = (session: Session, cause?: unknown): Failure =>
  new Failure(
    exitCodes.unavailable,
    {
      title: "The answer broke off",
      detail: `${session.url.origin} did not send it to its end.`,
      code: "BROKEN_OFF",
    },
    { cause },
  );

type Opened =
  | RawAnswer
  | { readonly status: number; readonly headers: Headers; readonly body: Response["body"] };

const opened = async (response: Response): Promise<Opened> => {
  const { status, headers, body } = response;
  const isStream = headers.get("Content-Type")?.startsWith(mediaType) === true;
  return response.ok && isStream ? { status, headers, body } : readWhole(response);
};

const openStream = async (
  session: Session,
  path: string,
  query: Query,
  signal: AbortSignal,
): Promise<ReadableStreamDefaultReader<Uint8Array> | undefined> => {
  const { answer } = await exchangeWithRetries(session, {
    url: addressOf(session, path, query),
    init: { method: "GET", headers: headersOf(session, mediaType), signal },
    read: opened,
  });
  if (!("text" in answer)) return answer.body?.getReader();
  const isSuccess = answer.status >= 200 && answer.status <= 299;
  throw isSuccess ? unknownShape(session, "GET", path) : failureOf(session, answer);
};

/**
 * The lines of a long answer (NDJSON) as they arrive: texts of one or more whole lines, each ended.
 * Nothing is held back but the beginning of a line, and the reader's pace is the server's.
 * @throws Failure `BROKEN_OFF` where the answer ends early, after the whole lines before
 */
export const streamLines = async function* (
  session: Session,
  { path, query }: { readonly path: string; readonly query: Query },
): AsyncGenerator<string> {
  const watch = watchSilence(session.timeoutSeconds * 1000);
  const decoder = new TextDecoder();
  let pending = "";
  try {
    watch.start();
    const reader = await openStream(session, path, query, watch.signal);
    for (;;) {
      watch.start();
      const { done = true, value } = (await reader?.read()) ?? {};
      watch.stop();
      if (done) break;
      pending += decoder.decode(value, { stream: true });
      const end = pending.lastIndexOf("\n") + 1;
      if (end > 0) yield pending.slice(0, end);
      pending = pending.slice(end);
    }
  } catch (error) {
    throw error instanceof Failure ? error : brokenOff(session, error);
  } finally {
    watch.stop();
  }
  if (pending !== "") throw brokenOff(session);
};
