import {
  type CachedHeads,
  type CachePoint,
  type HeadsMove,
  isForward,
  type LayerHead,
  layerIdOf,
  samePoint,
} from "../../layers/cache/layer-cache.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { removeEarlierFills, removeEpoch } from "./documents.ts";
import { endFill, isFilling, publishedPoint } from "./fills.ts";
import { appendRun } from "./run-log.ts";
import { readState, writeState } from "./state.ts";

/** As readers see them; undefined where nothing was published yet. */
export const readHeads = (
  sql: AuthoritySql,
  layers: readonly LayerName[],
): CachedHeads | undefined => {
  const point = readState(sql, "point");
  return point && { ...headsAt(sql, layers), point };
};

/** As publishers see them. */
export const readPublishedHeads = (
  sql: AuthoritySql,
  layers: readonly LayerName[],
): CachedHeads | undefined => (isFilling(sql) ? undefined : readHeads(sql, layers));

const headsAt = (sql: AuthoritySql, layers: readonly LayerName[]) => ({
  heads: layers.map((layer) => {
    const [row] = sql.exec<{ head: string }>(
      "select head from heads where layer = ?",
      layerIdOf(layer),
    );
    return row && (JSON.parse(row.head) as LayerHead);
  }),
  names: readState(sql, "names") ?? { apps: [], environments: [] },
  replaced: readState(sql, "replaced"),
});

/** Moves heads and their run together, where the mover saw them, and forward; false otherwise. */
export const moveHeads = (sql: AuthoritySql, move: HeadsMove): boolean =>
  sql.transactionSync(() => {
    const served = readState(sql, "point");
    const seen = publishedPoint(sql);
    const { from, to } = move;
    // A fill does not take readers back either.
    if (!samePoint(seen, from) || !isForward(served, to)) return false;
    if (move.isWhole) sql.exec("delete from heads");
    for (const [layer, head] of move.heads) {
      sql.exec(
        "insert or replace into heads (layer, head) values (?, ?)",
        layerIdOf(layer),
        JSON.stringify(head),
      );
    }
    if (served !== undefined && served.epoch !== to.epoch) {
      writeState(sql, "replaced", served.epoch);
    }
    if (move.names !== undefined) writeState(sql, "names", move.names);
    appendRun(sql, { served, to, run: move.run });
    writeState(sql, "point", to);
    if (seen === undefined && served !== undefined) finishFill(sql, served, to);
    return true;
  });

const finishFill = (sql: AuthoritySql, served: CachePoint, to: CachePoint): void => {
  endFill(sql, "layers");
  removeEarlierFills(sql);
  // Its publisher saw no epoch that it could replace.
  if (served.epoch !== to.epoch) removeEpoch(sql, served.epoch);
};
