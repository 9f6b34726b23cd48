/** Lets a loop wait for a while, or until something has happened. */
export interface Waker {
  wake(): void;
  /** Returns at once where it was woken since the last time, or where all is to end. */
  wait(delayMs: number): Promise<void>;
}

export const createWaker = (signal: AbortSignal): Waker => {
  let isWoken = false;
  let resume: (() => void) | undefined;
  const wake = (): void => {
    isWoken = true;
    resume?.();
  };
  signal.addEventListener("abort", wake);
  return {
    wake,
    async wait(delayMs) {
      if (!isWoken && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        resume = resolve;
        const timer = setTimeout(resolve, delayMs);
        await promise;
        clearTimeout(timer);
        resume = undefined;
      }
      isWoken = false;
    },
  };
};

/** Waits, but not past the end of all. */
export const pause = async (delayMs: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, delayMs);
  const end = (): void => resolve();
  signal.addEventListener("abort", end);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
};
