import { Problem } from "../../errors.ts";
import type { Committed } from "../../layers/memory/read-committed.ts";
import { createBoundedCache } from "../../platform/bounded-cache.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { MissedChanges } from "../../streams/read-missed.ts";
import { type StreamRevision, toStreamRevision } from "../../streams/recent-changes.ts";
import type { CommittedReader } from "../edge-source.ts";

interface Block {
  readonly after: number;
  readonly revisions: readonly StreamRevision[];
}

/**
 * Revisions are read in blocks with fixed beginnings, so that clients who lost their connections at one
 * time share what is read for them.
 */
const blockSize = 250;
const maxBlocks = 64;
const maxCachedChanges = 100_000;
const timeoutMs = 5_000;

/** Reads what clients have missed from the log of a head authority, which goes back only so far. */
export const createMissedFromLog = (
  authority: CommittedReader,
  namesVersion: () => number,
): MissedChanges => {
  const cache = createBoundedCache<Block>(maxBlocks, maxCachedChanges);
  const reading = new Map<string, Promise<Block | undefined>>();

  const read = async (epoch: string, after: number, upTo: number): Promise<Block | undefined> => {
    const told = await withDeadline(
      authority.committed({ epoch, revision: after }, namesVersion()),
      timeoutMs,
    );
    if (told !== undefined && isBehind(told, epoch, upTo)) throw logIsBehind();
    if (told?.run === undefined || told.newest.epoch !== epoch) return undefined;
    const revisions = told.run.revisions.map(({ committedAt, entries, revision }) =>
      toStreamRevision(revision, committedAt, entries),
    );
    const weight = revisions.reduce((sum, { changeCount }) => sum + changeCount + 1, 0);
    const block = { after, revisions };
    cache.set(`${epoch}-${after}`, block, weight);
    return block;
  };

  /** Only among those who want the same end: an answer that is under way may not reach a later one. */
  const readShared = (epoch: string, after: number, upTo: number): Promise<Block | undefined> => {
    const id = `${epoch}-${after}-${upTo}`;
    const underWay = reading.get(id);
    if (underWay !== undefined) return underWay;
    const begun = read(epoch, after, upTo).finally(() => reading.delete(id));
    reading.set(id, begun);
    return begun;
  };

  return {
    async read(_sql, epoch, after, upTo) {
      const goesOn = (block: Block | undefined): block is Block =>
        block !== undefined && endOf(block) > after;
      const start = Math.floor(after / blockSize) * blockSize;
      const kept = cache.get(`${epoch}-${start}`);
      let block = goesOn(kept) ? kept : await readShared(epoch, start, upTo);
      // A log that begins within the block, or an answer that ends there, may have the rest all the same.
      if (!goesOn(block) && start < after) block = await readShared(epoch, after, upTo);
      return goesOn(block)
        ? block.revisions.slice(after - block.after, upTo - block.after)
        : undefined;
    },
  };
};

const endOf = ({ after, revisions }: Block): number => after + revisions.length;

const isBehind = ({ newest }: Committed, epoch: string, upTo: number): boolean =>
  newest.epoch === epoch && newest.revision < upTo;

const logIsBehind = (): Problem =>
  new Problem("UNAVAILABLE", "The head authority of this edge knows less than it did.", {
    headers: { "retry-after": "1" },
  });
