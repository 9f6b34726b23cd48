import type { Sql } from "../../platform/sql.ts";
import { follow, followAnew } from "./follow-once.ts";
import type { MemoryPoint } from "./layer-memory.ts";
import { idOf } from "./layer-shelf.ts";
import { sqlSource } from "./layer-source.ts";
import type { LayerName } from "./memory-layer.ts";
import type { Reading } from "./reading.ts";

/** Brings layers into memory; each is loaded once on a handle, however many ask for it. */
export const loadMissing = async (
  reading: Reading,
  sql: Sql,
  names: readonly LayerName[],
): Promise<void> => {
  const loading = reading.loading.get(sql) ?? new Map<string, Promise<void>>();
  reading.loading.set(sql, loading);
  const wanted = new Map(names.map((name) => [idOf(name), name]));
  const idle = [...wanted].filter(([id]) => !loading.has(id));
  if (idle.length > 0) {
    const starting = load(
      reading,
      sql,
      idle.map(([, name]) => name),
    ).finally(() => {
      for (const [id] of idle) loading.delete(id);
    });
    for (const [id] of idle) loading.set(id, starting);
  }
  await Promise.all([...wanted.keys()].flatMap((id) => loading.get(id) ?? []));
};

const load = async (reading: Reading, sql: Sql, names: readonly LayerName[]): Promise<void> => {
  const { loadTimeoutMs, memory } = reading;
  for (const name of names) memory.expect(name);
  try {
    const loaded = await reading.sourceOf(sql).layers(names, memory.point(), loadTimeoutMs);
    const newest = loaded[0];
    // What was read may be ahead of what is known here, or of another history.
    if (newest !== undefined && isAhead(newest, memory.point())) {
      await followAnew(reading, sql);
      // A copy may not know yet what PostgreSQL has just shown.
      if (reading.isCopy && isAhead(newest, memory.point())) await follow(reading, sqlSource(sql));
    }
    for (const layer of loaded) memory.add(layer);
  } finally {
    for (const name of names) memory.unexpect(name);
  }
};

const isAhead = (one: MemoryPoint, other: MemoryPoint): boolean =>
  one.epoch !== other.epoch || one.revision > other.revision;
