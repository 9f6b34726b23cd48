import { Problem } from "../errors.ts";
import type { LayerReader } from "../layers/memory/layer-reader.ts";
import { changeEvent, concerns, type ResetReason, resetEvent } from "./change-event.ts";
import type { MissedChanges } from "./read-missed.ts";
import { type RecentChanges, type StreamRevision, streamedKind } from "./recent-changes.ts";
import { formatId } from "./stream-id.ts";
import type { StreamEvent } from "./stream-piece.ts";
import type { Subscriber } from "./subscriber.ts";

interface CatchUpDeps {
  readonly layers: LayerReader;
  readonly recent: RecentChanges;
  readonly missed: MissedChanges;
  /** Up to where a client must have been told before it joins the others. */
  readonly frontier: () => number;
  readonly tell: (subscriber: Subscriber, event: StreamEvent) => void;
  readonly join: (subscriber: Subscriber) => void;
}

/** While more than this waits for a client, it is told nothing more. */
const maxWaitingBytes = 65_536;
const patienceMs = 30_000;
const maxRevisionsAtOnce = 64;

/**
 * Tells a client what it has missed, in order, and then lets it join those who are told of what
 * happens. Between the last look and the joining nothing is awaited, so there is no gap, and since a
 * client joins just where it has been told up to, nothing comes twice.
 *
 * @throws Problem `UNAVAILABLE` where what it missed cannot be read now
 */
export const catchUp = async (subscriber: Subscriber, deps: CatchUpDeps): Promise<void> => {
  const { frontier, join, layers } = deps;
  while (subscriber.isOpen) {
    if (subscriber.epoch !== layers.memory.point().epoch) {
      startAnew(subscriber, deps, "other-epoch");
    }
    if (subscriber.revision === frontier()) {
      if (subscriber.isOpen) join(subscriber);
      return;
    }
    if (subscriber.revision > frontier()) await waitForOthers(subscriber, deps);
    else await tellMissed(subscriber, deps);
  }
};

/** Nothing is told of what was before: the client reads anew, and is told what comes after. */
const startAnew = (
  subscriber: Subscriber,
  { frontier, layers, tell }: CatchUpDeps,
  reason: ResetReason,
): void => {
  subscriber.epoch = layers.memory.point().epoch;
  subscriber.revision = frontier();
  tell(subscriber, resetEvent(formatId(subscriber), reason));
};

/** Another process told the client more than this one knows, or has told its own clients. */
const waitForOthers = async (subscriber: Subscriber, deps: CatchUpDeps): Promise<void> => {
  const { epoch, revision } = subscriber;
  const { layers } = deps;
  await layers.reach(subscriber.deps.sql, { epoch, revision });
  const point = layers.memory.point();
  if (point.epoch === epoch && point.revision < revision) startAnew(subscriber, deps, "ahead");
  else await pause(5);
};

const tellMissed = async (subscriber: Subscriber, deps: CatchUpDeps): Promise<void> => {
  const revisions = await readOn(subscriber, deps);
  if (revisions === undefined) {
    startAnew(subscriber, deps, "past-retention");
    return;
  }
  const { epoch } = subscriber;
  for (const revision of revisions) {
    const made = eventFor(subscriber, revision, deps);
    const event = made instanceof Promise ? await made : made;
    if (!subscriber.isOpen || deps.layers.memory.point().epoch !== epoch) return;
    subscriber.revision = revision.revision;
    if (event === undefined) continue;
    deps.tell(subscriber, event);
    await untilTaken(subscriber);
  }
  // Thousands may catch up at one time; requests are answered between.
  await nextTurn();
};

/** What this process remembers; where that does not reach back far enough, what the store has. */
const readOn = (
  { deps: { sql }, epoch, revision }: Subscriber,
  { frontier, missed, recent }: CatchUpDeps,
): Promise<readonly StreamRevision[] | undefined> | readonly StreamRevision[] =>
  revision >= recent.base()
    ? recent.between(revision, Math.min(frontier(), revision + maxRevisionsAtOnce))
    : missed.read(sql, epoch, revision, recent.base());

/** Values are those of now; where they are not in memory, they are read first. */
const eventFor = (
  subscriber: Subscriber,
  revision: StreamRevision,
  { layers }: CatchUpDeps,
): Promise<StreamEvent | undefined> | StreamEvent | undefined => {
  const { deps, epoch, filter } = subscriber;
  const { app, environment, values } = filter;
  if (!values || !concerns(revision, subscriber)) {
    return changeEvent(epoch, revision, subscriber, undefined);
  }
  const view = layers.memory.view(streamedKind, app, environment);
  if (view !== undefined) return changeEvent(epoch, revision, subscriber, view);
  return layers.open(deps.sql, { kind: streamedKind, app, environment }, (opened) =>
    changeEvent(epoch, revision, subscriber, opened.view),
  );
};

const untilTaken = async (subscriber: Subscriber): Promise<void> => {
  const deadlineMs = performance.now() + patienceMs;
  while (subscriber.isOpen && subscriber.outlet.buffered() > maxWaitingBytes) {
    if (performance.now() > deadlineMs) {
      throw new Problem("UNAVAILABLE", "The client takes too little of what it is told.");
    }
    await pause(20);
  }
};

const pause = (delayMs: number): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, delayMs);
  });

const nextTurn = (): Promise<void> =>
  new Promise((resume) => {
    setImmediate(resume);
  });
