import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openAuthoritySql } from "../../../test/helpers/edge/open-authority-sql.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { type CachePoint, samePoint } from "../../layers/cache/layer-cache.ts";
import type { CommittedRevision } from "../../layers/memory/layer-memory.ts";
import type { CommittedEntry } from "../../layers/memory/memory-layer.ts";
import { moveHeads } from "./heads.ts";
import { committed } from "./run-log.ts";
import { createTables } from "./schema.ts";

const epochs = ["0123456789abcdef", "fedcba9876543210"] as const;

const openLog = () => {
  const sql = openAuthoritySql();
  createTables(sql);
  return sql;
};

const entryOf = (revision: number, text = ""): CommittedEntry => ({
  id: "id",
  kind: "config",
  app: "",
  environment: "",
  key: "a",
  version: revision,
  revision,
  deleted: false,
  value: `${revision}${text}`,
  schema: undefined,
  description: undefined,
  merge: "replace",
});

const revisionOf = (revision: number, count = 1, text = ""): CommittedRevision => ({
  revision,
  committedAt: "2026-11-20T12:00:00.000000Z",
  message: `number ${revision}`,
  entries: Array.from({ length: count }, () => entryOf(revision, text)),
});

const pointAt = (revision: number, epoch: string = epochs[0], namesVersion = 1): CachePoint => ({
  epoch,
  revision,
  namesVersion,
});

const runBetween = (from: CachePoint, to: CachePoint, make = revisionOf) => ({
  epoch: to.epoch,
  after: from.revision,
  revisions: Array.from({ length: to.revision - from.revision }, (_, index) =>
    make(from.revision + 1 + index),
  ),
});

const revisionsOf = (run: { readonly revisions: readonly CommittedRevision[] } | undefined) =>
  run?.revisions.map(({ revision }) => revision);

describe("what an authority tells of what was committed", () => {
  it("is nothing before anything was published", () => {
    expect(committed(openLog(), { epoch: "", revision: -1 }, -1)).toBeUndefined();
  });

  it("is as a plain list would tell it, whatever moves and in whatever order", () => {
    const move = fc.record({
      by: fc.integer({ min: 0, max: 4 }),
      isStale: fc.boolean(),
      isNewEpoch: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
      run: fc.constantFrom("right", "right", "right", "none", "short", "foreign", "late"),
      names: fc.boolean(),
    });
    const property = fc.property(fc.array(move, { maxLength: 25 }), (moves) => {
      const sql = openLog();
      let point: CachePoint | undefined;
      let previous: CachePoint | undefined;
      /** The revisions up to the point that are known without a gap. */
      let known: number[] = [];
      for (const { by, isNewEpoch, isStale, names, run } of moves) {
        const from = isStale ? previous : point;
        const epoch = isNewEpoch
          ? point?.epoch === epochs[0]
            ? epochs[1]
            : epochs[0]
          : point?.epoch;
        const namesVersion = (from?.namesVersion ?? 0) + (names ? 1 : 0);
        const to = pointAt((from?.revision ?? 0) + by, epoch, namesVersion);
        const right = runBetween(from ?? to, to);
        const brought = {
          right,
          none: undefined,
          short: { ...right, revisions: right.revisions.slice(1) },
          foreign: { ...right, epoch: "f".repeat(16) },
          late: runBetween(pointAt(right.after + 1), pointAt(to.revision + 1, to.epoch)),
        }[run];
        const isMoved = moveHeads(sql, {
          from,
          to,
          heads: [],
          isWhole: from?.epoch !== to.epoch,
          names: { apps: [`app-${namesVersion}`], environments: [] },
          ...(brought === undefined ? {} : { run: brought }),
        });
        expect(isMoved).toBe(samePoint(from, point));
        if (!isMoved) continue;
        const isSame = point?.epoch === to.epoch;
        if (!isSame) known = [];
        else if (by > 0) {
          const isRight = run === "right";
          known = isRight ? [...known, ...right.revisions.map(({ revision }) => revision)] : [];
        }
        previous = point;
        point = to;
        for (let revision = -1; revision <= to.revision + 1; revision += 1) {
          const told = committed(sql, { epoch: to.epoch, revision }, to.namesVersion)!;
          expect(told.newest).toEqual({ epoch: to.epoch, revision: to.revision });
          expect(told.names).toBeUndefined();
          const after = known.filter((one) => one > revision);
          const follows = revision === to.revision || after[0] === revision + 1;
          expect(revisionsOf(told.run)).toEqual(follows ? after : undefined);
          const begin = follows ? [to.epoch, revision] : [undefined, undefined];
          expect([told.run?.epoch, told.run?.after]).toEqual(begin);
        }
        const foreign = committed(sql, { epoch: "f".repeat(16), revision: 1 }, to.namesVersion)!;
        expect(foreign.run).toBeUndefined();
        expect(foreign.names).toEqual({
          version: to.namesVersion,
          apps: new Set([`app-${namesVersion}`]),
          environments: new Set(),
        });
        expect(committed(sql, to, to.namesVersion - 1)!.names).toEqual(foreign.names);
      }
    });
    fc.assert(property, { numRuns: 100 * effort });
  });

  it("comes some revisions and changes at a time, until all is told", () => {
    const sql = openLog();
    moveHeads(sql, { from: undefined, to: pointAt(0), heads: [], isWhole: true });
    for (let at = 0; at < 1_200; at += 100) {
      const [from, to] = [pointAt(at), pointAt(at + 100)];
      moveHeads(sql, { from, to, heads: [], isWhole: false, run: runBetween(from, to) });
    }
    expect(revisionsOf(committed(sql, pointAt(0), 1)!.run)).toHaveLength(500);
    expect(revisionsOf(committed(sql, pointAt(900), 1)!.run)).toHaveLength(300);
    const [from, to] = [pointAt(1_200), pointAt(1_205)];
    const run = runBetween(from, to, (revision) => revisionOf(revision, 4_000));
    moveHeads(sql, { from, to, heads: [], isWhole: false, run });
    expect(revisionsOf(committed(sql, from, 1)!.run)).toEqual([1_201, 1_202, 1_203]);
    expect(revisionsOf(committed(sql, pointAt(1_203), 1)!.run)).toEqual([1_204, 1_205]);
  });

  it("is bounded in revisions and bytes, the newest are kept, and large ones come whole", () => {
    const sql = openLog();
    moveHeads(sql, { from: undefined, to: pointAt(0), heads: [], isWhole: true });
    const add = (at: number, count: number, text = ""): void => {
      const [from, to] = [pointAt(at), pointAt(at + count)];
      const run = runBetween(from, to, (revision) => revisionOf(revision, 1, text));
      expect(moveHeads(sql, { from, to, heads: [], isWhole: false, run })).toBe(true);
    };
    const rows = () => sql.exec<{ revision: number }>("select revision from revisions");
    for (let at = 0; at < 5_600; at += 400) add(at, 400);
    expect(rows()).toHaveLength(5_000);
    expect(committed(sql, pointAt(599), 1)!.run).toBeUndefined();
    expect(committed(sql, pointAt(600), 1)!.run?.revisions[0]).toEqual(revisionOf(601));
    const text = "😀".repeat(1_000_000);
    for (let at = 5_600; at < 5_630; at += 1) add(at, 1, text);
    // 64 MiB hold 16 of 4 MB each.
    expect(
      rows()
        .map(({ revision }) => revision)
        .toSorted((a, b) => a - b)[0],
    ).toBe(5_615);
    const { run } = committed(sql, pointAt(5_628), 1)!;
    expect(run?.revisions).toEqual([revisionOf(5_629, 1, text), revisionOf(5_630, 1, text)]);
    expect(revisionsOf(committed(sql, pointAt(5_620), 1)!.run)).toEqual([5_621, 5_622, 5_623]);
    const left = sql.exec<{ count: number }>(
      "select count(distinct revision) as count from revision_parts",
    );
    expect(left).toMatchObject([{ count: 16 }]);
  });
});
