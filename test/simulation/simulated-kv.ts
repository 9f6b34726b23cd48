import type { Random } from "../helpers/history/random.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** Workers KV, as bad as it may be: late everywhere, and each location remembers what it was told. */
export interface SimulatedKv {
  put(key: string, text: string): void;
  remove(key: string): void;
  /** What a location is told of a key. */
  read(location: number, key: string): string | undefined;
  figures(): KvFigures;
}

export interface KvFigures {
  writes: number;
  removals: number;
  reads: number;
  misses: number;
  altered: number;
  /** Writes that came within a second of the one before to their key, which KV refuses. */
  refused: number;
}

interface Version {
  readonly atMs: number;
  readonly text: string | undefined;
}

interface Remembered {
  readonly text: string | undefined;
  readonly untilMs: number;
}

const rememberedMs = 60_000;
const mostLagMs = 120_000;
const writeEveryMs = 1_000;
/** How often a text comes back with a character changed: it is to be noticed, however rare. */
const alteredRate = 0.002;

const noFigures = { writes: 0, removals: 0, reads: 0, misses: 0, altered: 0, refused: 0 };

export const createSimulatedKv = (time: SimulatedTime, random: Random): SimulatedKv => {
  const versions = new Map<string, Version[]>();
  const remembered = new Map<number, Map<string, Remembered>>();
  const figures: KvFigures = { ...noFigures };
  const add = (key: string, text: string | undefined): void => {
    const before = versions.get(key) ?? [];
    const last = before.at(-1);
    if (last !== undefined && time.nowMs() - last.atMs < writeEveryMs) {
      figures.refused += 1;
      throw new Error("429: one write a second");
    }
    versions.set(key, [...before, { atMs: time.nowMs(), text }]);
  };
  const look = (key: string): string | undefined => {
    const seenUntilMs = time.nowMs() - lagMs(random);
    return versions.get(key)?.findLast(({ atMs }) => atMs <= seenUntilMs)?.text;
  };
  return {
    put(key, text) {
      figures.writes += 1;
      add(key, text);
    },
    remove(key) {
      figures.removals += 1;
      add(key, undefined);
    },
    read(location, key) {
      figures.reads += 1;
      const here = remembered.get(location) ?? new Map<string, Remembered>();
      remembered.set(location, here);
      const known = here.get(key);
      const isKnown = known !== undefined && known.untilMs > time.nowMs();
      const text = isKnown ? known.text : look(key);
      if (!isKnown) here.set(key, { text, untilMs: time.nowMs() + rememberedMs });
      if (text === undefined) figures.misses += 1;
      else if (random.chance(alteredRate)) {
        figures.altered += 1;
        return alter(text);
      }
      return text;
    },
    figures: () => figures,
  };
};

/** Half of the locations have a write at once, some after a minute, some after two. */
const lagMs = (random: Random): number => {
  const luck = random.next();
  if (luck < 0.5) return 0;
  return random.between(0, luck < 0.8 ? 60_000 : mostLagMs);
};

/** Still a document by its looks: the last run of dots, which is in a value, says something else. */
const alter = (text: string): string => text.replace(/\.\.(?=[^.]*$)/, "!!");
