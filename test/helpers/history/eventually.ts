import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 20;

/** Waits until something holds; false where it does not in time. What throws does not hold. */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<boolean> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      if (await holds()) return true;
    } catch {
      // It is asked again.
    }
    if (performance.now() > deadlineMs) return false;
    await sleep(pollMs);
  }
};
