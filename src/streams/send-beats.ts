import type { LivePiece } from "../http/live.ts";
import { type HubState, placeOf, send } from "./hub-state.ts";
import { createPiece } from "./stream-piece.ts";

/**
 * Gives those whose turn it is the current id: a sign of life, and while nothing happens that is for
 * them, where to go on from.
 */
export const sendBeats = (state: HubState): { readonly beats: number } => {
  const pieces = new Map<string, LivePiece>();
  let beats = 0;
  for (const subscriber of state.subscribers.nextTurn()) {
    const id = placeOf(state, subscriber);
    const piece = pieces.get(id) ?? createPiece([{ id }]);
    pieces.set(id, piece);
    send(state, subscriber, piece);
    beats += 1;
  }
  return { beats };
};
