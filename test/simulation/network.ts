import { deserialize, serialize } from "node:v8";
import type { Random } from "../helpers/history/random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Whom messages go to. */
export interface Target {
  isUp(): boolean;
  /** Another number once it has been started anew: what was under way then gets no answer. */
  generation(): number;
}

/** A way from one place to another. */
export interface Link {
  /** Runs an operation over there; what comes back is a copy. Every call ends in some time. */
  call<Result>(target: Target, operation: () => Result): Promise<Result>;
  /** Nothing gets through for some time. */
  cut(forMs: number): void;
  /** When something last was lost, refused or late. */
  troubledAtMs(): number;
}

interface LinkOptions {
  readonly oneWayMs: number;
  /** How often a request, or its answer, never comes. */
  readonly lost?: number;
  /** How often a message takes seconds. */
  readonly late?: number;
  /** How often a request comes a second time, up to minutes later. */
  readonly repeated?: number;
}

export interface NetworkFigures {
  answers: number;
  bytes: number;
}

/** All links of one simulation. */
export interface Network {
  readonly figures: NetworkFigures;
  link(options: LinkOptions): Link;
}

/** Longer than anybody waits. */
const givenUpMs = 15_000;
const lateMs = 8_000;
const repeatedWithinMs = 150_000;
/** What takes longer than this, in one direction, is trouble. */
const healthyMs = 400;

/** @param isCalm while it is, nothing goes wrong */
export const createNetwork = (
  time: SimulatedTime,
  random: Random,
  isCalm: () => boolean,
): Network => {
  const figures: NetworkFigures = { answers: 0, bytes: 0 };
  return {
    figures,
    link: (options) => createLink({ time, random: random.fork(), options, isCalm, figures }),
  };
};

interface LinkParts {
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly options: LinkOptions;
  readonly isCalm: () => boolean;
  readonly figures: NetworkFigures;
}

const createLink = ({ figures, isCalm, options, random, time }: LinkParts): Link => {
  const { late = 0, lost = 0, oneWayMs, repeated = 0 } = options;
  let cutUntilMs = 0;
  let troubledAtMs = Number.NEGATIVE_INFINITY;
  const happens = (probability: number): boolean => random.chance(probability) && !isCalm();
  const trouble = (): void => {
    troubledAtMs = time.nowMs();
  };
  const delayMs = (): number => {
    const delay = oneWayMs * (0.7 + 0.6 * random.next());
    const extra = happens(late) ? lateMs * random.next() : 0;
    if (delay + extra > healthyMs) trouble();
    return delay + extra;
  };
  const isLost = (): boolean => happens(lost) || (time.nowMs() < cutUntilMs && !isCalm());
  return {
    call: <Result>(target: Target, operation: () => Result): Promise<Result> => {
      const { promise, reject, resolve } = Promise.withResolvers<Result>();
      const refuse = (text: string, inMs = oneWayMs): void => {
        trouble();
        time.after(inMs, () => reject(new Error(text)));
      };
      const giveUp = (): void => refuse("a message was lost", givenUpMs);
      const arrive = (): void => {
        if (!target.isUp()) return refuse("nobody is there");
        const generation = target.generation();
        const outcome = settled(operation);
        if (isLost()) return giveUp();
        time.after(delayMs(), () => {
          if (generation !== target.generation()) refuse("it was started anew");
          else if ("error" in outcome) reject(outcome.error);
          else resolve(copyOf(outcome.result, figures));
        });
      };
      if (isLost()) giveUp();
      else time.after(delayMs(), arrive);
      if (happens(repeated)) {
        time.after(repeatedWithinMs * random.next(), () => {
          if (target.isUp()) settled(operation);
        });
      }
      return promise;
    },
    cut(forMs) {
      cutUntilMs = Math.max(cutUntilMs, time.nowMs() + forMs);
    },
    troubledAtMs: () => troubledAtMs,
  };
};

/** As a call between Workers copies it. */
const copyOf = <Value>(value: Value, figures: NetworkFigures): Value => {
  const bytes = serialize(value);
  figures.answers += 1;
  figures.bytes += bytes.byteLength;
  return deserialize(bytes) as Value;
};

const settled = <Result>(
  operation: () => Result,
): { readonly result: Result } | { readonly error: unknown } => {
  try {
    return { result: operation() };
  } catch (error) {
    return { error };
  }
};

/** What never falls over. */
export const steadyTarget: Target = { isUp: () => true, generation: () => 0 };
