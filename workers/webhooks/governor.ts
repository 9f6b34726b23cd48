import type { Lane } from "./lane-state.ts";

/** How a receiver does, as far as this process has seen. */
interface Health {
  /** Requests that it gets at once: grows with what it answers well. */
  allowed: number;
  /** Whether its newest request failed or took long. */
  isSuspect: boolean;
}

/** Who decides how many requests may be under way. */
export interface Governor {
  note(
    webhookId: string,
    ended: { readonly isFailure: boolean; readonly durationMs: number },
  ): void;
  /** For a lane whose receiver is known to fail. */
  suspect(webhookId: string): void;
  allowed(webhookId: string): number;
  /** Whether it counts among those that share a part of the connections only. */
  isSuspect(lane: Lane, nowMs: number): boolean;
}

/** A receiver that takes longer shares a quarter of all connections with its like. */
const slowMs = 1_000;
const maxKnown = 10_000;

export const createGovernor = (perEndpoint: number): Governor => {
  const known = new Map<string, Health>();
  const healthOf = (webhookId: string): Health => {
    const found = known.get(webhookId);
    if (found !== undefined) return found;
    const made = { allowed: 1, isSuspect: false };
    if (known.size >= maxKnown) known.clear();
    known.set(webhookId, made);
    return made;
  };
  return {
    note(webhookId, { durationMs, isFailure }) {
      const health = healthOf(webhookId);
      health.isSuspect = isFailure || durationMs > slowMs;
      health.allowed = isFailure ? 1 : Math.min(perEndpoint, health.allowed * 2);
    },
    suspect(webhookId) {
      healthOf(webhookId).isSuspect = true;
    },
    allowed: (webhookId) => healthOf(webhookId).allowed,
    isSuspect({ flights, webhookId }, nowMs) {
      if (healthOf(webhookId).isSuspect) return true;
      for (const { startedMs } of flights.values()) {
        // In the order in which they began.
        return nowMs - startedMs > slowMs;
      }
      return false;
    },
  };
};
