/** Gives up on a server that is silent for too long. */
export interface SilenceWatch {
  readonly signal: AbortSignal;
  start(): void;
  stop(): void;
}

/** A long answer as a whole may take any time; only the time between two parts of it is watched. */
export const watchSilence = (timeoutMs: number): SilenceWatch => {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => clearTimeout(timer);
  const start = (): void => {
    stop();
    timer = setTimeout(() => {
      controller.abort(new DOMException("silence", "TimeoutError"));
    }, timeoutMs);
  };
  return { signal: controller.signal, start, stop };
};
