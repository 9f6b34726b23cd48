import { Problem } from "../../errors.ts";
import type { Sql } from "../../platform/sql.ts";
import { loadMissing } from "./load-missing.ts";
import type { OpenedView, Reading, ReadPosition } from "./reading.ts";

/** Only a history that begins anew during a load makes another one needed. */
const maxAttempts = 5;

/** Loads what is missing of a position, and has its view used before anything can change it. */
export const openView = async <Result>(
  reading: Reading,
  sql: Sql,
  { app, environment, kind }: ReadPosition,
  use: (opened: OpenedView) => Result,
): Promise<Result> => {
  const { memory } = reading;
  const release = memory.hold(kind, app, environment);
  try {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const view = memory.view(kind, app, environment);
      if (view !== undefined) {
        if (attempt > 0) reading.misses += 1;
        return use({ ...memory.point(), view });
      }
      await loadMissing(reading, sql, memory.missing(kind, app, environment));
    }
  } finally {
    release();
  }
  throw new Problem("UNAVAILABLE", "The history that is read begins anew; try again.", {
    headers: { "retry-after": "1" },
  });
};
