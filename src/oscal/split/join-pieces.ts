import { isJsonObject, type Json, type JsonObject } from "../../platform/json.ts";
import type { Segment } from "../rules/report.ts";
import type { Piece } from "./split-value.ts";

const childAt = (value: Json | undefined, segment: Segment): Json | undefined => {
  if (Array.isArray(value)) return typeof segment === "number" ? value[segment] : undefined;
  return isJsonObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
};

/** Adds a piece at its place; false where there is no such place. */
const addPiece = (whole: JsonObject, piece: Piece): boolean => {
  const at = piece.path.reduce<Json | undefined>(childAt, whole);
  if ("items" in piece) {
    if (!Array.isArray(at)) return false;
    // Not spread into one call, which holds only so many.
    for (const item of piece.items) at.push(item);
    return true;
  }
  if (!isJsonObject(at)) return false;
  Object.assign(at, piece.members);
  return true;
};

/** The value that `splitValue` has cut; undefined where the pieces do not fit together. */
export const joinPieces = (pieces: readonly Piece[]): JsonObject | undefined => {
  const whole: JsonObject = {};
  const own = structuredClone(pieces);
  return own.every((piece) => addPiece(whole, piece)) ? whole : undefined;
};
