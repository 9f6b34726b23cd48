import { Problem } from "../../src/errors.ts";
import type { MemoryPoint } from "../../src/layers/memory/layer-memory.ts";
import type { OpenedView, ReadPosition } from "../../src/layers/memory/reading.ts";
import { tornBy } from "./check-answer.ts";
import type { Origin } from "./origin.ts";
import type { SimulatedAuthority } from "./simulated-authority.ts";
import type { SimulatedIsolate } from "./simulated-isolate.ts";
import type { SimulatedTime } from "./simulated-time.ts";

/** What the checks of a read need to know. */
export interface ReaderParts {
  readonly time: SimulatedTime;
  readonly origin: Origin;
  readonly authority: SimulatedAuthority;
  readonly leaseMs: number;
  /** The isolate that answers the connection now. */
  readonly isolate: () => SimulatedIsolate;
  /** When something on the way to what the isolate asks last went wrong. */
  readonly troubledAtMs: () => number;
  readonly broken: (rule: Rule, text: string) => void;
  readonly figures: ReadFigures;
}

export type Rule =
  | "an answer is one revision, whole"
  | "a connection never goes back"
  | "what is older than the lease is marked"
  | "nothing is marked while connected"
  | "everything is answered while connected"
  | "every head is reached";

export interface ReadFigures {
  reads: number;
  /** Those that waited for nobody. */
  atOnce: number;
  /**
   * Those that came while another read's look was under way, which is not waited for: they were marked
   * as stale, or failed where nothing was known yet.
   */
  besideALook: number;
  /** Those that were handed to the origin. */
  byOrigin: number;
  stale: number;
  failed: number;
  unknownApp: number;
  /** Reads that would have gone back to an older revision, had they not said what they had seen. */
  wouldGoBack: number;
  /** Those that went from one isolate to another that had not heard of a restore yet. */
  backToOldHistory: number;
  oldestUnmarkedMs: number;
}

/** A connection that reads one position. It follows one isolate, or says what it has seen to any. */
export interface SimulatedReader {
  readOnce(): Promise<void>;
  /** The last answer. */
  seen(): MemoryPoint | undefined;
  wasStale(): boolean;
}

/** A wait of an isolate, during which trouble may have come before the read began. */
const waitMs = 5_000;

/** What a reader has gone through. */
interface Reader {
  readonly parts: ReaderParts;
  readonly position: ReadPosition;
  readonly saysWhatItSaw: boolean;
  seen: MemoryPoint | undefined;
  isBusy: boolean;
  wasStale: boolean;
  /** Whether the read under way began while another one's look was. */
  isBesideLook: boolean;
}

export const createSimulatedReader = (
  parts: ReaderParts,
  position: ReadPosition,
  saysWhatItSaw: boolean,
): SimulatedReader => {
  const reader: Reader = {
    parts,
    position,
    saysWhatItSaw,
    seen: undefined,
    isBusy: false,
    wasStale: false,
    isBesideLook: false,
  };
  return {
    seen: () => reader.seen,
    wasStale: () => reader.wasStale,
    async readOnce() {
      if (reader.isBusy) return;
      reader.isBusy = true;
      const beganMs = parts.time.nowMs();
      await read(reader).catch((error: unknown) => fail(reader, beganMs, error));
      reader.isBusy = false;
    },
  };
};

const read = async (reader: Reader): Promise<void> => {
  const { parts, position, saysWhatItSaw, seen } = reader;
  const { figures, time } = parts;
  const beganMs = time.nowMs();
  const isolate = parts.isolate();
  const minRevision = saysWhatItSaw ? (seen?.revision ?? 0) : 0;
  const point = isolate.process.layers.memory.point();
  figures.reads += 1;
  if (saysWhatItSaw && seen !== undefined && isOlder(parts.origin, point, seen)) {
    figures.wouldGoBack += 1;
  }
  reader.isBesideLook = isolate.isLooking();
  const use = (opened: OpenedView): void => {
    const torn = tornBy(parts.origin, position, opened);
    if (torn !== undefined) parts.broken("an answer is one revision, whole", torn);
    see(reader, opened);
  };
  const answer = await isolate.read({ position, minRevision, use });
  if (time.nowMs() === beganMs) figures.atOnce += 1;
  if (answer.by === "nobody") figures.unknownApp += 1;
  if (answer.by === "origin") {
    figures.byOrigin += 1;
    see(reader, answer.point);
  }
  if (answer.by !== "memory") return;
  reader.wasStale = answer.staleMs !== undefined;
  if (answer.staleMs === undefined) checkAge(parts, reader.seen);
  else checkMark(reader, answer.staleMs, beganMs);
};

const see = (reader: Reader, { epoch, revision }: MemoryPoint): void => {
  const { parts, saysWhatItSaw, seen } = reader;
  reader.seen = { epoch, revision };
  if (seen === undefined || !isOlder(parts.origin, reader.seen, seen)) return;
  // What it saw is a number, which says nothing of the history that it is of.
  if (saysWhatItSaw && seen.epoch !== epoch) {
    parts.figures.backToOldHistory += 1;
    return;
  }
  const how = saysWhatItSaw ? "says what it saw" : "bound to an isolate";
  const text = `from ${seen.epoch}, ${seen.revision} to ${epoch}, ${revision} (${how})`;
  parts.broken("a connection never goes back", text);
};

const checkMark = ({ isBesideLook, parts }: Reader, staleMs: number, beganMs: number): void => {
  const { authority, figures, leaseMs, time } = parts;
  figures.stale += 1;
  // It may have been within the lease when the read began, which then waited for a layer.
  const wasDue = staleMs - (time.nowMs() - beganMs) > leaseMs;
  const troubledAtMs = Math.max(parts.troubledAtMs(), authority.unconfirmedAtMs());
  if (wasDue && isBesideLook) figures.besideALook += 1;
  else if (wasDue && troubledAtMs < beganMs - waitMs) {
    parts.broken("nothing is marked while connected", `it is ${staleMs} ms old`);
  }
};

const fail = (reader: Reader, beganMs: number, error: unknown): void => {
  const { isBesideLook, parts, seen } = reader;
  const served = parts.authority.newest();
  parts.figures.failed += 1;
  // After a restore nobody has, under the new epoch, what was seen under the old one.
  if (seen !== undefined && seen.epoch !== served?.epoch) reader.seen = undefined;
  else if (isBesideLook) parts.figures.besideALook += 1;
  else if (parts.troubledAtMs() < beganMs - waitMs && served !== undefined) {
    parts.broken("everything is answered while connected", describe(error));
  }
};

const checkAge = (parts: ReaderParts, seen: MemoryPoint | undefined): void => {
  const { figures, leaseMs, origin, time } = parts;
  const due = origin.pointAt(time.nowMs() - leaseMs);
  if (seen === undefined || due === undefined) return;
  if (isOlder(origin, seen, due)) {
    const text = `${seen.epoch}, ${seen.revision}, where ${due.epoch}, ${due.revision} is older than the lease`;
    parts.broken("what is older than the lease is marked", text);
  }
  const ageMs = origin.ageOf(seen);
  figures.oldestUnmarkedMs = Math.max(figures.oldestUnmarkedMs, ageMs);
};

/** Whether one point comes before another, also where a restore is between them. */
export const isOlder = (origin: Origin, one: MemoryPoint, other: MemoryPoint): boolean => {
  if (one.epoch === other.epoch) return one.revision < other.revision;
  return (
    one.epoch === "" || origin.historyOf(one.epoch).order < origin.historyOf(other.epoch).order
  );
};

const describe = (error: unknown): string =>
  error instanceof Problem ? `${error.code}: ${error.message}` : String(error);
