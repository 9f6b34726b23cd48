import { describeError } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import { claimConsumer, releaseLease } from "./claim-consumer.ts";
import type { Effect, StateConsumer } from "./consumer.ts";
import { type Drain, type DrainCounts, type DrainDeps, nothingDrained } from "./drain.ts";
import { drainEvents } from "./drain-events.ts";
import { drainState } from "./drain-state.ts";
import { inTime } from "./in-time.ts";
import { keepLease } from "./keep-lease.ts";

/**
 * Drains a consumer: takes its lease where it has something to do and nobody holds it, and brings its
 * effects up to the newest revision, or up to the first that fails. The cursor only ever moves after the
 * effect, so a crash at any point makes effects happen again, and none be left out.
 */
export const drainOnce = async (deps: DrainDeps): Promise<DrainCounts> => {
  const { consumer, holder, leaseMs, log, sql } = deps;
  const isStale = consumer.kind === "state" && !(await isCurrent(sql, consumer));
  const claim = await claimConsumer(sql, { name: consumer.name, holder, leaseMs, isStale });
  if (claim === undefined) return nothingDrained;
  const lease = keepLease({ sql, claim, leaseMs, log });
  const drain: Drain = {
    ...deps,
    claim,
    perform: (effect) => performEffect(effect, claim.fence, lease.lost, consumer.timeoutMs),
  };
  try {
    return consumer.kind === "state"
      ? await drainState(drain, consumer)
      : await drainEvents(drain, consumer);
  } finally {
    lease.stop();
    await releaseLease(sql, claim).catch((error: unknown) => {
      log.debug("could not release a lease", { consumer: consumer.name, ...describeError(error) });
    });
  }
};

/** A copy that cannot be asked counts as behind: the attempt to renew it says what is wrong. */
const isCurrent = async (sql: Sql, consumer: StateConsumer): Promise<boolean> => {
  if (consumer.isCurrent === undefined) return true;
  const [cursor] = await inTime(sql<{ epoch: string; revision: number }[]>`
    select epoch, revision from fairlead.consumers where name = ${consumer.name}`);
  if (cursor === undefined) throw new Error(`${consumer.name} is not registered`);
  return consumer.isCurrent(sql, cursor).catch(() => false);
};

const performEffect = async <Result>(
  effect: (told: Effect) => Promise<Result>,
  fence: number,
  lost: AbortSignal,
  timeoutMs: number,
): Promise<Result> => {
  const ended = new AbortController();
  const timer = setTimeout(
    () => ended.abort(new Error(`the effect took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  const signal = AbortSignal.any([lost, ended.signal]);
  const { promise, reject } = Promise.withResolvers<never>();
  const refuse = (): void => reject(signal.reason);
  signal.addEventListener("abort", refuse, { once: true });
  if (signal.aborted) refuse();
  try {
    return await Promise.race([effect({ fence, signal }), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", refuse);
  }
};
