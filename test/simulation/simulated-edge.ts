import type { Settings } from "../../src/platform/settings.ts";
import type { Random } from "../helpers/history/random.ts";
import { type LocationParts, startIsolate, type WayToOrigin } from "./edge-location.ts";
import type { Link, Network } from "./network.ts";
import type { Origin } from "./origin.ts";
import type { SimulatedAuthority } from "./simulated-authority.ts";
import type { SimulatedIsolate } from "./simulated-isolate.ts";
import type { SimulatedKv } from "./simulated-kv.ts";
import { kinds } from "./simulated-publisher.ts";
import {
  createSimulatedReader,
  type ReaderParts,
  type SimulatedReader,
} from "./simulated-reader.ts";
import type { SimulatedTime } from "./simulated-time.ts";

export interface EdgeParts {
  readonly ways: readonly WayToOrigin[];
  readonly locations: number;
  readonly time: SimulatedTime;
  readonly random: Random;
  readonly network: Network;
  readonly origin: Origin;
  readonly authority: SimulatedAuthority;
  readonly kv: SimulatedKv;
  readonly settings: Settings;
  readonly figures: EdgeFigures;
  readonly reading: Pick<ReaderParts, "broken" | "figures">;
  readonly isCalm: () => boolean;
  readonly bug: LocationParts["bug"];
}

export interface EdgeFigures {
  isolates: number;
  restarts: number;
  cuts: number;
}

export interface SimulatedEdge {
  readonly readers: () => readonly SimulatedReader[];
}

/** An isolate as a place that readers are bound to, and what was started there last. */
interface Seat {
  isolate: SimulatedIsolate;
}

const readersPerIsolate = 2;
const isolateLifeMs = 400_000;
const betweenCutsMs = 900_000;
const longestCutMs = 60_000;

export const startEdge = (parts: EdgeParts): SimulatedEdge => {
  const readers = Array.from({ length: parts.locations }, (_, number) =>
    openLocation(parts, number),
  );
  return { readers: () => readers.flatMap((ofLocation) => ofLocation()) };
};

const openLocation = (edge: EdgeParts, number: number): (() => readonly SimulatedReader[]) => {
  const { figures, network, random } = edge;
  const oneWayMs = random.between(2, 120);
  const toAuthority = network.link({ oneWayMs, lost: 0.004, late: 0.01 });
  const toKv = network.link({ oneWayMs: 4, lost: 0.001, late: 0.005 });
  const toOrigin = network.link({ oneWayMs: oneWayMs * 1.5, lost: 0.004, late: 0.01 });
  const location: LocationParts = {
    ...edge,
    number,
    toAuthority,
    toKv,
    toOrigin,
    way: random.pick(edge.ways),
  };
  const links = [toAuthority, toKv, toOrigin];
  const start = (): SimulatedIsolate => {
    figures.isolates += 1;
    return startIsolate(location);
  };
  const seats: Seat[] = random.chance(0.5)
    ? [{ isolate: start() }, { isolate: start() }]
    : [{ isolate: start() }];
  const add = (isolate: () => SimulatedIsolate, saysWhatItSaw: boolean) =>
    startReader(edge, links, isolate, saysWhatItSaw);
  const bound = seats.map((seat) => ({ seat, readers: bind(seat, add) }));
  const roaming = add(() => random.pick(seats).isolate, true);
  for (const one of bound) {
    every(edge, isolateLifeMs, () => {
      figures.restarts += 1;
      one.seat.isolate = start();
      // Whoever was bound to it has lost the connection, and opens another one.
      for (const reader of one.readers) reader.end();
      one.readers = bind(one.seat, add);
    });
  }
  every(edge, betweenCutsMs, () => {
    figures.cuts += 1;
    toAuthority.cut(longestCutMs * random.next());
  });
  return () => [...bound.flatMap((one) => one.readers), roaming].map(({ reader }) => reader);
};

interface RunningReader {
  readonly reader: SimulatedReader;
  end(): void;
}

const bind = (
  { isolate }: Seat,
  add: (isolate: () => SimulatedIsolate, saysWhatItSaw: boolean) => RunningReader,
): RunningReader[] => Array.from({ length: readersPerIsolate }, () => add(() => isolate, false));

/** Reads at a pace of its own, from once in two seconds to once in twenty minutes. */
const startReader = (
  edge: EdgeParts,
  links: readonly Link[],
  isolate: () => SimulatedIsolate,
  saysWhatItSaw: boolean,
): RunningReader => {
  const { authority, isCalm, origin, random, reading, settings, time } = edge;
  const troubledAtMs = (): number =>
    Math.max(authority.downAtMs(), ...links.map((link) => link.troubledAtMs()));
  const position = {
    kind: random.pick(kinds),
    app: random.pick(origin.current().apps()),
    environment: random.pick(origin.current().environments()),
  };
  const leaseMs = settings.maxStalenessMs;
  const reader = createSimulatedReader(
    { ...reading, time, origin, authority, leaseMs, isolate, troubledAtMs },
    position,
    saysWhatItSaw,
  );
  const paceMs = 2_000 * 600 ** random.next();
  let isOver = false;
  const next = (): void => {
    if (isOver) return;
    if (!isCalm()) void reader.readOnce();
    time.after(-paceMs * Math.log(1 - random.next()), next);
  };
  time.after(paceMs * random.next(), next);
  return {
    reader,
    end: () => {
      isOver = true;
    },
  };
};

/** Lets something go wrong again and again, until it is calm. */
const every = (edge: EdgeParts, meanMs: number, run: () => void): void => {
  const { isCalm, random, time } = edge;
  time.after(-meanMs * Math.log(1 - random.next()), () => {
    if (isCalm()) return;
    run();
    every(edge, meanMs, run);
  });
};
