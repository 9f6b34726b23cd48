import { exchangeWithRetries } from "../exchange-with-retries.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import {
  addressOf,
  failureOf,
  headersOf,
  type Query,
  type RawAnswer,
  readWhole,
  unknownShape,
} from "../send-request.ts";
import type { Session } from "../session.ts";
import { watchSilence } from "../watch-silence.ts";
import { parseEvents, type ServerEvent } from "./parse-events.ts";

/** The server gives a sign of life every 15 seconds. */
const longestSilenceMs = 40_000;
const firstDelayMs = 1_000;
const longestDelayMs = 30_000;

interface Following {
  readonly path: string;
  readonly query: Query;
  /** Called when the connection was lost, before it is tried again. */
  readonly onLost: (delayMs: number) => void;
  /** Ends the events; without it they end with the process. */
  readonly signal?: AbortSignal;
}

/**
 * The events of a stream, over as many connections as it takes: each goes on after the last event of
 * the one before. The first connection must come about; later ones are tried until they do.
 *
 * @throws Failure where the server refuses, or is not there at the start
 */
export const followEvents = async function* (
  session: Session,
  { onLost, path, query, signal }: Following,
): AsyncGenerator<ServerEvent> {
  const place = { id: "", retryMs: firstDelayMs };
  for (let failures = 0; ; failures += 1) {
    try {
      for await (const event of readConnection(session, { path, query, signal }, place.id)) {
        failures = 0;
        place.id = event.id === "" ? place.id : event.id;
        place.retryMs = event.retryMs ?? place.retryMs;
        yield event;
      }
    } catch (error) {
      if (signal?.aborted === true) return;
      const isPassing = error instanceof Failure && error.exitCode === exitCodes.unavailable;
      if (place.id === "" || !isPassing) throw error;
    }
    if (signal?.aborted === true) return;
    const delayMs = Math.min(longestDelayMs, place.retryMs * 2 ** failures) * (0.5 + Math.random());
    onLost(delayMs);
    await (session.io.wait ?? pause)(delayMs);
  }
};

const pause = (delayMs: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, delayMs);
  });

/** The events of one connection, to whichever end it comes. */
const readConnection = async function* (
  session: Session,
  { path, query, signal }: Pick<Following, "path" | "query"> & { signal: AbortSignal | undefined },
  lastId: string,
): AsyncGenerator<ServerEvent> {
  const watch = watchSilence(longestSilenceMs);
  const headers = headersOf(session, "text/event-stream");
  if (lastId !== "") headers.set("Last-Event-ID", lastId);
  watch.start();
  try {
    const { answer } = await exchangeWithRetries(session, {
      url: addressOf(session, path, query),
      init: { method: "GET", headers, signal: anyOf(watch.signal, signal) },
      read: open,
    });
    if ("text" in answer) {
      const isSuccess = answer.status >= 200 && answer.status <= 299;
      throw isSuccess ? unknownShape(session, "GET", path) : failureOf(session, answer);
    }
    yield* parseEvents(partsOf(answer.body, () => watch.start()));
  } finally {
    watch.stop();
  }
};

const anyOf = (one: AbortSignal, other: AbortSignal | undefined): AbortSignal =>
  other === undefined ? one : AbortSignal.any([one, other]);

interface OpenAnswer extends Pick<RawAnswer, "headers" | "status"> {
  readonly body: Response["body"];
}

const open = async (response: Response): Promise<RawAnswer | OpenAnswer> => {
  const { body, headers, status } = response;
  const isStream = headers.get("Content-Type")?.startsWith("text/event-stream") === true;
  return response.ok && isStream ? { body, headers, status } : readWhole(response);
};

/** Until the end, or a break: after both there is another connection. */
const partsOf = async function* (
  body: Response["body"],
  onPart: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const { done = true, value } = (await reader?.read().catch(() => undefined)) ?? {};
    if (done || value === undefined) return;
    onPart();
    yield value;
  }
};
