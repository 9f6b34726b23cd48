import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { printRemark } from "../print.ts";
import type { Session } from "../session.ts";
import { beatLoop } from "./beat-loop.ts";
import { createSignatureCheck } from "./check-signature.ts";
import { claimLoop, releaseAll } from "./claim-loop.ts";
import { followHeld } from "./follow-held.ts";
import { createHeldSpecs } from "./held-specs.ts";
import { runDue } from "./run-spec.ts";
import { createRuntimeApi } from "./runtime-api.ts";
import type { Runtime, RuntimeOptions } from "./runtime-state.ts";
import { tell } from "./tell.ts";
import { createWaker, pause } from "./waker.ts";

/** How often it looks at its own clock: for what is due, and for leases that have ended. */
const tickMs = 100;
/** For what is under way to end, and again for what is held to be given back. */
const stopWithinMs = 5_000;

/**
 * Leases job specs and runs them until it is told to stop; then it ends what runs, and gives back what
 * it holds.
 *
 * @throws Failure where the server refuses what it asks for
 */
export const runRuntime = async (session: Session, options: RuntimeOptions): Promise<ExitCode> => {
  const stop = new AbortController();
  const cut = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const end = (error?: unknown): void => {
    if (error !== undefined) failure ??= { error };
    stop.abort();
  };
  const runtime = createRuntime(bindSession(session, stop.signal, cut.signal), options, {
    stopping: stop.signal,
    end,
  });
  const undoOnStop = session.io.onStop?.(() => end());
  const tick = setInterval(() => runDue(runtime), tickMs);
  try {
    const loops = [claimLoop, beatLoop, followHeld].map((loop) => loop(runtime).catch(end));
    await untilAborted(stop.signal);
    await windUp(runtime, loops);
  } finally {
    clearInterval(tick);
    cut.abort();
    undoOnStop?.();
  }
  if (failure !== undefined) throw failure.error;
  return exitCodes.ok;
};

const nowMs = (): number => performance.now();

const createRuntime = (
  session: Session,
  options: RuntimeOptions,
  { end, stopping }: Pick<Runtime, "end" | "stopping">,
): Runtime => {
  const api = createRuntimeApi(session, options);
  let remarked = "";
  return {
    ...options,
    session,
    api,
    held: createHeldSpecs({
      leaseSeconds: options.leaseSeconds,
      nowMs,
      onDrop: ({ leased }, reason) =>
        tell(session, leased, { event: "dropped", words: `dropped: ${reason}`, more: { reason } }),
    }),
    check: createSignatureCheck(api, nowMs),
    nowMs,
    stopping,
    claims: createWaker(stopping),
    beats: createWaker(stopping),
    works: new Set(),
    running: 0,
    // What an earlier process of this name holds.
    wantsList: true,
    hasBacklog: true,
    remark(text) {
      if (text !== remarked) printRemark(session, text);
      remarked = text;
    },
    end,
  };
};

/** Waits end when it stops, requests when it has stopped. */
const bindSession = (session: Session, stopping: AbortSignal, cut: AbortSignal): Session => {
  const { io } = session;
  const send = io.fetch ?? fetch;
  return {
    ...session,
    io: {
      ...io,
      wait: (delayMs) => pause(delayMs, stopping),
      fetch: (input, init) => {
        const signals = [cut, init?.signal].filter((signal) => signal instanceof AbortSignal);
        return send(input, { ...init, signal: AbortSignal.any(signals) });
      },
    },
  };
};

const untilAborted = async (signal: AbortSignal): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (!signal.aborted) await promise;
};

const windUp = async (runtime: Runtime, loops: readonly Promise<void>[]): Promise<void> => {
  const { held, works } = runtime;
  for (const { work } of held.all()) work?.abort();
  await within(stopWithinMs, Promise.all([...works, ...loops]));
  const ids = held.all().map(({ leased }) => leased.id);
  await within(stopWithinMs, releaseAll(runtime, ids));
};

const within = async (timeoutMs: number, waiting: Promise<unknown>): Promise<void> => {
  const late = new AbortController();
  await Promise.race([waiting, pause(timeoutMs, late.signal)]);
  late.abort();
};
