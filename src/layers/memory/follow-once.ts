import type { Sql } from "../../platform/sql.ts";
import type { LayerSource } from "./layer-source.ts";
import type { Reading } from "./reading.ts";

/** Takes in what was committed since; calls at one time on one handle share it. */
export const followOnce = (reading: Reading, sql: Sql): Promise<{ readonly revisions: number }> => {
  const { following } = reading;
  const underWay = following.get(sql);
  if (underWay !== undefined) return underWay;
  const looking = follow(reading, reading.sourceOf(sql)).finally(() => following.delete(sql));
  following.set(sql, looking);
  return looking;
};

/** A look that is under way may have begun before what is asked for was committed. */
export const followAnew = async (reading: Reading, sql: Sql): Promise<void> => {
  await reading.following.get(sql)?.catch(() => {});
  await followOnce(reading, sql);
};

/** Takes in what a source knows that memory does not. */
export const follow = async (
  reading: Reading,
  source: LayerSource,
): Promise<{ revisions: number }> => {
  const { lookTimeoutMs, memory, nowMs } = reading;
  let revisions = 0;
  for (;;) {
    const startedMs = nowMs();
    const { owed } = reading;
    const point = memory.point();
    const version = memory.names().version;
    const { ageMs = 0, names, newest, run } = await source.committed(point, version, lookTimeoutMs);
    if (run !== undefined) {
      if (names !== undefined) memory.takeNames(names, newest.epoch);
      if (memory.take(run)) revisions += run.revisions.length;
    }
    // Where another look has gone on meanwhile, this one is no reason to begin anew.
    else if (memory.point() === point) memory.reset(newest, names);
    const { epoch, revision } = memory.point();
    if (epoch === newest.epoch && revision >= newest.revision) {
      reading.confirmedAtMs = Math.max(reading.confirmedAtMs, startedMs - ageMs);
      // What was committed before it began, it has seen.
      if (reading.owed === owed) reading.owed = undefined;
      return { revisions };
    }
  }
};
