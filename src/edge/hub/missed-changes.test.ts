import { expect, it } from "vitest";
import type { CommittedRevision, MemoryPoint } from "../../layers/memory/layer-memory.ts";
import type { Committed } from "../../layers/memory/read-committed.ts";
import { noDatabase } from "../no-database.ts";
import { createMissedFromLog } from "./missed-changes.ts";

const epoch = "0123456789abcdef";

interface Log {
  readonly oldest: number;
  readonly newest: number;
  readonly atOnce?: number;
  readonly epoch?: string;
}

/** A log that holds the revisions after one up to another. */
const logOf = ({ atOnce = 500, epoch: ofLog = epoch, newest, oldest }: Log) => {
  const asked: number[] = [];
  const committed = (point: MemoryPoint): Promise<Committed> => {
    const after = point.revision;
    asked.push(after);
    const count = Math.min(atOnce, newest - after);
    const revisions = Array.from(
      { length: Math.max(0, count) },
      (_, index): CommittedRevision => ({
        revision: after + 1 + index,
        committedAt: "2026-01-31T12:00:00.000000Z",
        message: "",
        entries: [],
      }),
    );
    const follows = point.epoch === ofLog && after >= oldest && after <= newest;
    return Promise.resolve({
      newest: { epoch: ofLog, revision: newest },
      run: follows ? { epoch: ofLog, after, revisions } : undefined,
      names: undefined,
    });
  };
  return { asked, missed: createMissedFromLog({ committed }, () => 0) };
};

const readAll = async (log: Log, after: number, upTo: number): Promise<number[] | undefined> => {
  const { missed } = logOf(log);
  const read: number[] = [];
  for (let place = after; place < upTo; place = read.at(-1) ?? upTo) {
    const some = await missed.read(noDatabase(), epoch, place, upTo);
    if (some === undefined) return undefined;
    read.push(...some.map(({ revision }) => revision));
  }
  return read;
};

const between = (after: number, upTo: number): number[] =>
  Array.from({ length: upTo - after }, (_, index) => after + 1 + index);

it.each([
  ["within a block", { oldest: 0, newest: 2_000 }, 510, 515],
  ["over many blocks", { oldest: 0, newest: 2_000 }, 3, 1_900],
  ["where the log begins within the block", { oldest: 510, newest: 2_000 }, 510, 900],
  ["where answers are shorter than blocks", { oldest: 0, newest: 2_000, atOnce: 7 }, 3, 600],
] as const)("reads what was missed without a gap, %s", async (_where, log, after, upTo) => {
  expect(await readAll(log, after, upTo)).toEqual(between(after, upTo));
});

it("says that nothing is known past the log, and of another epoch", async () => {
  expect(await readAll({ oldest: 511, newest: 2_000 }, 510, 900)).toBeUndefined();
  expect(await readAll({ oldest: 0, newest: 2_000, epoch: "f".repeat(16) }, 1, 9)).toBeUndefined();
});

it("does not take a log that has come less far for one that has nothing", async () => {
  const { missed } = logOf({ oldest: 0, newest: 5 });
  await expect(missed.read(noDatabase(), epoch, 3, 9)).rejects.toMatchObject({
    code: "UNAVAILABLE",
  });
});

it("reads once for all who lost their connections at one time", async () => {
  const { asked, missed } = logOf({ oldest: 0, newest: 2_000 });
  const read = Array.from({ length: 1_000 }, (_, index) =>
    missed.read(noDatabase(), epoch, 1_000 + (index % 200), 1_400),
  );
  await Promise.all(read);
  await missed.read(noDatabase(), epoch, 1_300, 1_500);
  expect(asked).toEqual([1_000, 1_250]);
});
