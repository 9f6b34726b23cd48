import type { LayerCache } from "../../src/layers/cache/layer-cache.ts";
import { parseSettings } from "../../src/platform/settings.ts";
import { createRandom } from "../helpers/history/random.ts";
import { type Bug, publishesLike } from "./bugs.ts";
import type { WayToOrigin } from "./edge-location.ts";
import { createNetwork, type NetworkFigures } from "./network.ts";
import { createOrigin, type Origin } from "./origin.ts";
import { createSimulatedAuthority, type SimulatedAuthority } from "./simulated-authority.ts";
import { type EdgeFigures, type SimulatedEdge, startEdge } from "./simulated-edge.ts";
import { createSimulatedKv, type KvFigures } from "./simulated-kv.ts";
import { type PublisherFigures, runPublisher } from "./simulated-publisher.ts";
import { isOlder, type ReadFigures, type Rule } from "./simulated-reader.ts";
import { createSimulatedTime, type SimulatedTime } from "./simulated-time.ts";
import {
  commitFirst,
  environments,
  firstApps,
  runWriter,
  type WriterFigures,
} from "./simulated-writer.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** How many things happen while all may go wrong; then what is left comes to its end. */
  readonly steps: number;
  readonly locations?: number;
  /** How locations may reach the origin; each has one of these ways. */
  readonly ways?: readonly WayToOrigin[];
  readonly bug?: Bug;
}

interface Violation {
  readonly rule: Rule;
  readonly text: string;
  readonly step: number;
  readonly atMs: number;
}

export interface SimulationResult {
  readonly seed: number;
  readonly steps: number;
  readonly simulatedMs: number;
  readonly violation: Violation | undefined;
  readonly figures: SimulationFigures;
}

interface SimulationFigures {
  readonly reads: ReadFigures;
  readonly edge: EdgeFigures;
  readonly kv: KvFigures;
  readonly network: NetworkFigures;
  readonly authority: SimulatedAuthority["figures"];
  readonly publishers: readonly PublisherFigures[];
  readonly writing: WriterFigures;
}

const leaseMs = 10_000;
/** In a calm network everything is fresh long before this. */
const settledAfterMs = 150_000;

/** Lets publishers, isolates and readers of one seed go their ways, and checks what readers see. */
export const simulate = async (options: SimulationOptions): Promise<SimulationResult> => {
  const time = createSimulatedTime();
  const giveBack = time.takeTimers();
  try {
    return await run(options, time);
  } finally {
    giveBack();
  }
};

const run = async (
  { bug, locations = 300, seed, steps, ways = ["none", "api", "database"] }: SimulationOptions,
  time: SimulatedTime,
): Promise<SimulationResult> => {
  const course: Course = { isCalm: true, violation: undefined };
  const broken = (rule: Rule, text: string): void => {
    course.violation ??= { rule, text, step: time.steps(), atMs: time.nowMs() };
  };
  const isWhole = (): boolean => course.violation === undefined;
  const figures = noFigures();
  const world = createWorld(time, seed, course);
  const { authority, kv, network, origin, random } = world;
  const writer = { ...world, random: random.fork(), figures: figures.writing };
  commitFirst(writer);
  const publishers = [1, 2].map(() => startPublisher(world, bug));
  while (authority.newest() === undefined) await time.step();
  course.isCalm = false;
  runWriter(writer);
  const edge = startEdge({
    ...world,
    locations,
    ways,
    bug,
    random: random.fork(),
    settings: parseSettings({ MAX_STALENESS_MS: String(leaseMs) }),
    figures: figures.edge,
    reading: { broken, figures: figures.reads },
  });
  while (isWhole() && time.steps() < steps) await time.step();
  course.isCalm = true;
  const settledAtMs = time.nowMs() + settledAfterMs;
  while (isWhole() && time.nowMs() < settledAtMs) await time.step();
  await readAll(edge, time);
  if (isWhole()) checkEnd(origin, authority, edge, broken);
  const of = { kv: kv.figures(), network: network.figures, authority: authority.figures };
  return {
    seed,
    steps: time.steps(),
    simulatedMs: time.nowMs(),
    violation: course.violation,
    figures: { ...figures, ...of, publishers },
  };
};

interface Course {
  /** Until the edge has something to serve, and at the end. */
  isCalm: boolean;
  violation: Violation | undefined;
}

const noFigures = () => ({
  reads: {
    reads: 0,
    atOnce: 0,
    stale: 0,
    failed: 0,
    unknownApp: 0,
    besideALook: 0,
    backToOldHistory: 0,
    byOrigin: 0,
    wouldGoBack: 0,
    oldestUnmarkedMs: 0,
  },
  edge: { isolates: 0, restarts: 0, cuts: 0 },
  writing: { commits: 0, restores: 0 },
});

const createWorld = (time: SimulatedTime, seed: number, course: Course) => {
  const random = createRandom(seed);
  const isCalm = (): boolean => course.isCalm;
  const network = createNetwork(time, random.fork(), isCalm);
  const origin = createOrigin({ apps: firstApps, environments, nowMs: () => time.nowMs() });
  const kv = createSimulatedKv(time, random.fork());
  const authority = createSimulatedAuthority(network, time, kv);
  return { time, random, network, origin, kv, authority, isCalm };
};

const startPublisher = (world: ReturnType<typeof createWorld>, bug: Bug | undefined) => {
  const { network, random } = world;
  return runPublisher({
    ...world,
    random: random.fork(),
    toAuthority: network.link({ oneWayMs: 15, lost: 0.0005, late: 0.001, repeated: 0.01 }),
    toOrigin: network.link({ oneWayMs: 1, lost: 0.001 }),
    wrap: (cache: LayerCache) => publishesLike(bug, cache),
  });
};

/** Everybody reads once more, some seconds after what an idle isolate had to learn first. */
const readAll = async (edge: SimulatedEdge, time: SimulatedTime): Promise<void> => {
  for (let round = 0; round < 2; round += 1) {
    for (const reader of edge.readers()) void reader.readOnce();
    const untilMs = time.nowMs() + 4_000;
    while (time.nowMs() < untilMs) await time.step();
  }
};

const checkEnd = (
  origin: Origin,
  authority: SimulatedAuthority,
  edge: SimulatedEdge,
  broken: (rule: Rule, text: string) => void,
): void => {
  const newest = origin.current().newest();
  const reached = authority.newest();
  if (reached === undefined || isOlder(origin, reached, newest)) {
    broken(
      "every head is reached",
      `the authority is at ${reached?.revision} of ${newest.revision}`,
    );
  }
  for (const reader of edge.readers()) {
    const seen = reader.seen();
    if (seen === undefined || isOlder(origin, seen, newest) || reader.wasStale()) {
      broken("every head is reached", `a reader is at ${seen?.revision} of ${newest.revision}`);
    }
  }
};
