const batchMs = 40;

/** Nanoseconds of one call, over as many as fill a batch. */
function timeBatch(call: () => number): number {
  const started = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < batchMs) {
    if (call() === 0) throw new Error("nothing was done");
    calls += 1;
    elapsedMs = performance.now() - started;
  }
  return (elapsedMs * 1_000_000) / calls;
}

/** Nanoseconds of each call in each round. They take turns, so that a noisy moment hits all alike. */
export function timeInterleaved(
  calls: Readonly<Record<string, () => number>>,
  rounds: number,
): Map<string, number[]> {
  const timesNs = new Map<string, number[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, call] of Object.entries(calls)) {
      const time = timeBatch(call);
      // The first round is the warm-up.
      if (round >= 0) timesNs.set(name, [...(timesNs.get(name) ?? []), time]);
    }
  }
  return timesNs;
}
