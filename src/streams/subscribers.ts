import { Problem } from "../errors.ts";
export interface StreamLimits {
  readonly maxStreams: number;
  readonly maxStreamsPerKey: number;
}

interface Member {
  readonly keyId: string;
}

/** Everybody who is connected. */
export interface Subscribers<Subscriber extends Member> {
  /** @throws Problem `UNAVAILABLE`, `RATE_LIMITED` where one more is too many */
  admit(keyId: string): void;
  add(subscriber: Subscriber): void;
  remove(subscriber: Subscriber): void;
  all(): Iterable<Subscriber>;
  byKey(): Iterable<readonly [string, ReadonlySet<Subscriber>]>;
  /** Those whose turn it is to get a sign of life; each has one turn in `turns`. */
  nextTurn(): Iterable<Subscriber>;
  count(): number;
}

/** Calls of `nextTurn` until everybody had a turn. */
export const turns = 12;

export const createSubscribers = <Subscriber extends Member>({
  maxStreams,
  maxStreamsPerKey,
}: StreamLimits): Subscribers<Subscriber> => {
  const everybody = new Set<Subscriber>();
  const keys = new Map<string, Set<Subscriber>>();
  const byTurn = Array.from({ length: turns }, () => new Set<Subscriber>());
  let turn = 0;
  return {
    admit(keyId) {
      if (everybody.size >= maxStreams) throw processIsFull();
      if ((keys.get(keyId)?.size ?? 0) >= maxStreamsPerKey) throw keyIsFull(maxStreamsPerKey);
    },
    add(subscriber) {
      everybody.add(subscriber);
      const ofKey = keys.get(subscriber.keyId) ?? new Set();
      keys.set(subscriber.keyId, ofKey.add(subscriber));
      // By chance, so that those who came at one time do not have their turns at one time.
      byTurn[Math.floor(Math.random() * turns)]?.add(subscriber);
    },
    remove(subscriber) {
      everybody.delete(subscriber);
      for (const some of byTurn) some.delete(subscriber);
      const ofKey = keys.get(subscriber.keyId);
      ofKey?.delete(subscriber);
      if (ofKey?.size === 0) keys.delete(subscriber.keyId);
    },
    all: () => everybody,
    byKey: () => keys,
    nextTurn() {
      turn = (turn + 1) % turns;
      return byTurn[turn] ?? [];
    },
    count: () => everybody.size,
  };
};

const processIsFull = (): Problem =>
  new Problem("UNAVAILABLE", "This process has as many streams as it may have.", {
    headers: { "retry-after": String(1 + Math.floor(Math.random() * 5)) },
  });

const keyIsFull = (limit: number): Problem =>
  new Problem(
    "RATE_LIMITED",
    `The key has ${limit} streams in this process, and may have no more.`,
    {
      headers: { "retry-after": "5" },
    },
  );
