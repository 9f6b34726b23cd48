import type { LivePiece } from "../http/live.ts";
import type { LayerMemory, MemoryPoint } from "../layers/memory/layer-memory.ts";
import type { PositionView } from "../layers/memory/position-view.ts";
import { changeEvent, concerns } from "./change-event.ts";
import { type RecentChanges, type StreamRevision, streamedKind } from "./recent-changes.ts";
import type { StreamFilter } from "./stream-filter.ts";
import type { StreamGroup, StreamGroups } from "./stream-groups.ts";
import { createPiece, type StreamEvent } from "./stream-piece.ts";
import type { Subscriber } from "./subscriber.ts";

/** Tells the groups of what is committed. */
export interface FanOut {
  /** Up to where whoever joins a group must have been told already: the rest is sent to all. */
  frontier(): number;
  /** Up to where a member of a group has been told everything. */
  told(subscriber: Subscriber): number;
  /** Does a part of the work, so that others get their turn; false where nothing is left. */
  step(): boolean;
  /** Forgets what is under way, and begins at another point. */
  reset(point: MemoryPoint): void;
}

interface FanOutDeps {
  readonly memory: LayerMemory;
  readonly recent: RecentChanges;
  readonly groups: StreamGroups;
  readonly send: (subscriber: Subscriber, piece: LivePiece) => void;
  /** For a member that cannot be told now, since its values are not in memory. */
  readonly setBack: (subscriber: Subscriber) => void;
}

/** Revisions that go out together: behind a burst, a client costs one write for all of them. */
const maxRevisions = 64;
const maxChanges = 256;
/** Events with values may be large: so few of them fit into what may wait for a client. */
const maxRevisionsWithValues = 2;
/** A client costs about ten microseconds, and so do the changes that are looked at for a group. */
const workPerStep = 512;
const changesPerWork = 100;

export const createFanOut = (deps: FanOutDeps): FanOut => {
  const { recent } = deps;
  let done = recent.newest();
  let frontier = done;
  let underWay: Iterator<unknown> | undefined;

  function* work(): Generator<undefined, void> {
    while (done < recent.newest()) {
      const hasValues = [...deps.groups.all()].some(({ filter }) => filter.values);
      const most = hasValues ? maxRevisionsWithValues : maxRevisions;
      const revisions = nextRevisions(recent, done, most);
      frontier = done + revisions.length;
      yield* tellGroups(deps, revisions, frontier);
      done = frontier;
      recent.trim(done);
      // Connections are written to before there is more for them.
      if (hasValues) yield;
    }
  }

  return {
    frontier: () => frontier,
    told: ({ revision }) => Math.max(done, revision),
    step() {
      underWay ??= work();
      const hasMore = underWay.next().done !== true;
      if (!hasMore) underWay = undefined;
      return hasMore;
    },
    reset(to) {
      underWay = undefined;
      done = to.revision;
      frontier = done;
    },
  };
};

const nextRevisions = (
  recent: RecentChanges,
  done: number,
  most: number,
): readonly StreamRevision[] => {
  const revisions = recent.between(done, Math.min(recent.newest(), done + most));
  let changes = 0;
  const end = revisions.findIndex(({ changeCount }) => {
    changes += changeCount;
    return changes > maxChanges;
  });
  return end === -1 ? revisions : revisions.slice(0, Math.max(1, end));
};

function* tellGroups(
  { groups, memory, send, setBack }: FanOutDeps,
  revisions: readonly StreamRevision[],
  upTo: number,
): Generator<undefined, void> {
  const { epoch } = memory.point();
  const changes = revisions.reduce((sum, { changeCount }) => sum + changeCount, 0);
  const groupWork = 1 + Math.min(workPerStep, Math.floor(changes / changesPerWork));
  let work = 0;
  for (const group of groups.all()) {
    const { filter } = group;
    const needsValues = filter.values && revisions.some((revision) => concerns(revision, group));
    const view = needsValues ? viewOf(memory, filter) : undefined;
    const isLost = needsValues && view === undefined;
    const piece = isLost ? undefined : pieceFor(epoch, revisions, group, view);
    if (isLost || piece !== undefined) {
      for (const member of group.members) {
        // It joined while this was under way, and knows.
        if (member.revision >= upTo) continue;
        if (piece === undefined) setBack(member);
        else send(member, piece);
        if (member.group !== undefined) member.revision = upTo;
        work += 1;
        if (work % workPerStep === 0) yield;
      }
    }
    work += groupWork;
    if (work % workPerStep < groupWork) yield;
  }
}

const viewOf = (
  memory: LayerMemory,
  { app, environment }: StreamFilter,
): PositionView | undefined => memory.view(streamedKind, app, environment);

const pieceFor = (
  epoch: string,
  revisions: readonly StreamRevision[],
  group: StreamGroup,
  view: PositionView | undefined,
): LivePiece | undefined => {
  const events: StreamEvent[] = [];
  for (const revision of revisions) {
    const event = changeEvent(epoch, revision, group, view);
    if (event !== undefined) events.push(event);
  }
  return events.length === 0 ? undefined : createPiece(events);
};
