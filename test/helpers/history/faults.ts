import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import type { StreamClient } from "./stream-client.ts";
import type { World } from "./world.ts";

/** What faults are done to. */
export interface Victims {
  readonly world: World;
  readonly streams: readonly StreamClient[];
}

type Fault = (victims: Victims, random: Random) => Promise<void>;

const killAndStart = async (members: World["apis"], random: Random): Promise<void> => {
  await sleep(random.between(0, 100));
  await Promise.all(members.map((member) => member.kill()));
  await sleep(random.between(0, 300));
  for (const member of members) member.start();
};

const restartPostgres = async (
  { world: { postgres } }: Victims,
  random: Random,
  mode: "fast" | "immediate",
): Promise<void> => {
  await postgres.stop(mode);
  await sleep(random.between(0, 800));
  await postgres.start();
};

/** Each takes its time, and is over when it resolves. */
const faults: Readonly<Record<string, Fault>> = {
  "kills an API process": ({ world }, random) => killAndStart([random.pick(world.apis)], random),
  "kills a worker": ({ world }, random) => killAndStart([random.pick(world.workers)], random),
  "kills both workers": ({ world }, random) => killAndStart(world.workers, random),
  async "freezes a process"({ world }, random) {
    const member = random.pick([...world.apis, ...world.workers]);
    const isLong = random.chance(0.3);
    member.signal("SIGSTOP");
    // Long enough for others to take over what it holds a lease of.
    await sleep(isLong ? random.between(5_200, 6_500) : random.between(200, 1_500));
    member.signal("SIGCONT");
  },
  "restarts PostgreSQL (fast)": (victims, random) => restartPostgres(victims, random, "fast"),
  "restarts PostgreSQL (immediate)": (victims, random) =>
    restartPostgres(victims, random, "immediate"),
  async "swallows what passes to and from PostgreSQL"({ world: { proxy } }, random) {
    proxy.hold();
    await sleep(random.between(200, 2_500));
    if (random.chance(0.5)) proxy.cut("reset");
    proxy.pass();
  },
  async "cuts the connections to PostgreSQL"({ world: { proxy } }, random) {
    await sleep(random.between(0, 100));
    proxy.cut(random.pick(["close", "reset"]));
  },
  async "loses the shared cache"({ world: { redis } }, random) {
    await redis.stop();
    await sleep(random.between(0, 800));
    await redis.start();
  },
  async "cuts all streams"({ streams }, random) {
    await sleep(random.between(0, 100));
    for (const stream of streams) stream.cut();
  },
};

/** Every fault once, in any order, some of them at one time. */
export const planFaults = (random: Random): string[][] => {
  const left = Object.keys(faults);
  const plan: string[][] = [];
  while (left.length > 0) {
    const step: string[] = [];
    const size = 1 + random.below(3);
    while (step.length < size && left.length > 0) {
      const [name = ""] = left.splice(random.below(left.length), 1);
      // PostgreSQL cannot be stopped twice at one time, nor can a worker.
      const isLike = ["restarts", "worker"].some(
        (word) => name.includes(word) && step.some((other) => other.includes(word)),
      );
      if (isLike) {
        left.push(name);
        break;
      }
      step.push(name);
    }
    plan.push(step);
  }
  return plan;
};

export const doFaults = async (
  step: readonly string[],
  victims: Victims,
  random: Random,
): Promise<void> => {
  await Promise.all(step.map(async (name) => faults[name]?.(victims, random.fork())));
};
