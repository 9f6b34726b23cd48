import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLogger } from "../platform/log.ts";
import type { EdgeProcess } from "./edge-process.ts";
import { createLease } from "./keep-fresh.ts";
import { noDatabase } from "./no-database.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

it("looks again after looks that never ended, as those of requests that the runtime ended", () => {
  const follow = vi.fn<EdgeProcess["follow"]>(() => new Promise<void>(() => {}));
  const process = { follow, ageMs: () => Number.POSITIVE_INFINITY } as unknown as EdgeProcess;
  const keepFresh = createLease({
    process,
    shown: { note: () => {}, isReached: () => true },
    maxAgeMs: 1_000,
    open: () => ({ handle: noDatabase(), close: async () => {} }),
    log: createLogger(),
  });
  const ask = () => keepFresh({ waitUntil: () => {} });
  for (let asked = 0; asked < 10; asked += 1) void ask();
  expect(follow).toHaveBeenCalledTimes(4);
  vi.advanceTimersByTime(4_000);
  expect(ask()).toBeUndefined();
  vi.advanceTimersByTime(2_000);
  expect(ask()).toBeInstanceOf(Promise);
  expect(follow).toHaveBeenCalledTimes(5);
});

it("waits for no pause where nobody else can answer", async () => {
  const follow = vi.fn<EdgeProcess["follow"]>(async () => {});
  const process = { follow, ageMs: () => Number.POSITIVE_INFINITY } as unknown as EdgeProcess;
  const keepFresh = createLease({
    process,
    shown: { note: () => {}, isReached: () => true },
    maxAgeMs: 1_000,
    open: () => ({ handle: noDatabase(), close: async () => {} }),
    log: createLogger("error"),
  });
  const ask = (isUrgent: boolean) => keepFresh({ waitUntil: () => {} }, isUrgent);
  await ask(false);
  expect(ask(false)).toBeUndefined();
  await ask(true);
  expect(follow).toHaveBeenCalledTimes(2);
  follow.mockRejectedValueOnce(new Error("nothing was published yet"));
  await ask(true);
  expect(ask(false)).toBeUndefined();
  await ask(true);
  expect(follow).toHaveBeenCalledTimes(4);
});
