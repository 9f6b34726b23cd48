import { Buffer } from "node:buffer";
import type { Dispatcher } from "undici";
import { excerptOf } from "../../src/webhooks/outbound/excerpt.ts";
import { classifyFailure } from "./classify-failure.ts";
import { type Ended, type Failed, type Outcome, SendFailure } from "./outcome.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** What is kept of an answer. */
const keptBytes = 4_096;
/** What is read of it, so that the connection can be used again; past it the connection is closed. */
const drainedBytes = 65_536;
const maxInterimAnswers = 10;

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

interface Answer {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

export interface ExchangeInput {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Headers whose values an answer may show; any other may be a credential or a signature. */
const isPlain = (name: string): boolean =>
  /^(content-type|user-agent|webhook-id|webhook-timestamp)$/i.test(name);

const secretsIn = (headers: ExchangeInput["headers"]): string[] =>
  Object.entries(headers)
    .filter(([name]) => !isPlain(name))
    .map(([, value]) => value);

const refusalOf = ({ headers, status }: Answer): Omit<Failed, keyof Ended> => {
  if (status < 400) {
    const error = `The receiver answered ${status}; redirects are not followed.`;
    return { ok: false, kind: "redirect", status, error };
  }
  const retryAfterMs = parseRetryAfter(headers, Date.now());
  return {
    ok: false,
    kind: "status",
    status,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    error: `The receiver answered ${status}.`,
  };
};

/** What has come so far. */
interface Reading {
  answer: Answer | undefined;
  readonly kept: Buffer[];
  readBytes: number;
  interimAnswers: number;
}

const excerptFrom = ({ kept, readBytes }: Reading, sent: ExchangeInput["headers"]): string => {
  if (readBytes === 0) return "";
  const bytes = Buffer.concat(kept).subarray(0, keptBytes);
  return excerptOf({ bytes, isCut: readBytes > keptBytes, secrets: secretsIn(sent) });
};

const outcomeOf = (reading: Reading, failure: unknown, ended: Ended): Outcome => {
  const { answer } = reading;
  if (answer === undefined) return { ok: false, ...classifyFailure(failure), ...ended };
  if (answer.status < 300) return { ok: true, status: answer.status, ...ended };
  return { ...refusalOf(answer), ...ended };
};

/** Reads what is worth reading, and says when that is over. */
const readerOf = (
  reading: Reading,
  end: (failure?: unknown) => void,
): Required<
  Pick<
    Dispatcher.DispatchHandler,
    "onResponseStart" | "onResponseData" | "onResponseEnd" | "onResponseError"
  >
> => ({
  onResponseStart(controller, status, headers) {
    if (status >= 200) {
      reading.answer = { status, headers };
      return;
    }
    reading.interimAnswers += 1;
    if (reading.interimAnswers <= maxInterimAnswers) return;
    controller.abort(new SendFailure("response", "Interim answers came without end."));
  },
  onResponseData(controller, chunk) {
    if (reading.readBytes < keptBytes) reading.kept.push(chunk);
    reading.readBytes += chunk.length;
    if (reading.readBytes <= drainedBytes) return;
    controller.abort(new SendFailure("response", "The answer is longer than is read."));
  },
  onResponseEnd: () => end(),
  onResponseError: (_controller, error) => end(error),
});

/**
 * Posts a body and reads the beginning of the answer. Once a status is there it decides, whatever
 * becomes of the rest: a receiver that has said 200 has taken the event.
 */
export const exchange = (dispatcher: Dispatcher, input: ExchangeInput): Promise<Outcome> => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const { body, headers, origin, path, signal, timeoutMs } = input;
  const startedAt = performance.now();
  const reading: Reading = { answer: undefined, kept: [], readBytes: 0, interimAnswers: 0 };
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;

  const end = (failure?: unknown): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    const durationMs = performance.now() - startedAt;
    resolve(outcomeOf(reading, failure, { durationMs, excerpt: excerptFrom(reading, headers) }));
  };
  const giveUp = (failure: SendFailure): void => {
    end(failure);
    controller?.abort(failure);
  };
  const onAbort = (): void => giveUp(new SendFailure("aborted", "The request was given up."));
  const timer = setTimeout(
    () => giveUp(new SendFailure("timeout", `No answer came within ${timeoutMs / 1_000} s.`)),
    timeoutMs,
  );
  signal?.addEventListener("abort", onAbort);

  const handler: Dispatcher.DispatchHandler = {
    ...readerOf(reading, end),
    onRequestStart(started) {
      controller = started;
      // It may have waited for its connection until its time was over.
      if (isOver) started.abort(new SendFailure("aborted", "The request was given up."));
    },
  };
  dispatcher.dispatch({ origin, path, method: "POST", headers, body }, handler);
  if (signal?.aborted === true) onAbort();
  return promise;
};
