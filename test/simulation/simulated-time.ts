/** A clock that only the simulation moves, and what is to happen by it. */
export interface SimulatedTime {
  nowMs(): number;
  /** Runs something later; the answer takes that back. */
  after(delayMs: number, run: () => void): () => void;
  /** Lets the next thing happen, with all that follows from it at once; false where nothing is left. */
  step(): Promise<boolean>;
  /** How many things have happened. */
  steps(): number;
  /** Puts this clock behind the timers and the clock of the code under test; the answer undoes it. */
  takeTimers(): () => void;
}

interface Planned {
  readonly atMs: number;
  /** Decides between what is planned for one time: first come, first served. */
  readonly order: number;
  run: (() => void) | undefined;
}

const isBefore = (one: Planned, other: Planned): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

export const createSimulatedTime = (): SimulatedTime => {
  const heap: Planned[] = [];
  // Promises only: when the event loop comes around, all of them have been settled.
  const { setImmediate } = globalThis;
  const settle = (): Promise<void> => new Promise((resume) => setImmediate(resume));
  let nowMs = 0;
  let planned = 0;
  let steps = 0;
  const after = (delayMs: number, run: () => void): (() => void) => {
    const one: Planned = { atMs: nowMs + Math.max(0, delayMs), order: planned, run };
    planned += 1;
    push(heap, one);
    return () => {
      one.run = undefined;
    };
  };
  return {
    nowMs: () => nowMs,
    after,
    async step() {
      for (let next = pop(heap); next !== undefined; next = pop(heap)) {
        if (next.run === undefined) continue;
        nowMs = next.atMs;
        steps += 1;
        next.run();
        await settle();
        return true;
      }
      return false;
    },
    steps: () => steps,
    takeTimers: () => takeTimers(after, () => nowMs),
  };
};

const takeTimers = (after: SimulatedTime["after"], now: () => number): (() => void) => {
  const { clearTimeout, performance, setTimeout } = globalThis;
  const cancels = new Map<number, () => void>();
  let last = 0;
  const set = (run: () => void, delayMs = 0): number => {
    last += 1;
    const id = last;
    const happen = () => {
      cancels.delete(id);
      run();
    };
    cancels.set(id, after(delayMs, happen));
    return id;
  };
  const clear = (id: number): void => {
    cancels.get(id)?.();
    cancels.delete(id);
  };
  Object.assign(globalThis, { setTimeout: set, clearTimeout: clear, performance: { now } });
  return () => void Object.assign(globalThis, { setTimeout, clearTimeout, performance });
};

const push = (heap: Planned[], one: Planned): void => {
  let place = heap.push(one) - 1;
  while (place > 0) {
    const above = (place - 1) >>> 1;
    const parent = heap[above] as Planned;
    if (!isBefore(one, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = one;
};

const pop = (heap: Planned[]): Planned | undefined => {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    const left = heap[below];
    if (left === undefined) break;
    const right = heap[below + 1];
    if (right !== undefined && isBefore(right, left)) below += 1;
    const child = heap[below] as Planned;
    if (!isBefore(child, last)) break;
    heap[place] = child;
    place = below;
  }
  heap[place] = last;
  return first;
};
