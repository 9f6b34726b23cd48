import { expect } from "vitest";
import type { LivePiece, Outlet } from "../../../src/http/live.ts";

/** An event as a client reads it from either form. */
export interface ReceivedEvent {
  readonly id: string;
  readonly event?: string;
  readonly data?: unknown;
  readonly retry?: number;
}

/** A client that notes what it is told; as slow as a test wants it to be. */
export interface RecordingOutlet extends Outlet {
  readonly pieces: LivePiece[];
  /** Everything so far, signs of life included. */
  readonly received: ReceivedEvent[];
  /** What has an event, such as `change`. */
  readonly events: () => ReceivedEvent[];
  /** Revisions of the changes so far. */
  readonly revisions: () => number[];
  /** Waits until something holds; looks whenever something arrives. */
  until(holds: (client: RecordingOutlet) => boolean): Promise<void>;
  /** Bytes that the client has not taken. */
  waitingBytes: number;
  endedWith: number | "destroyed" | undefined;
  /** The client goes. */
  readonly leave: () => void;
}

export const recordOutlet = (): RecordingOutlet => {
  let closed: (() => void) | undefined;
  const watchers = new Set<() => void>();
  const finish = (how: RecordingOutlet["endedWith"]): void => {
    if (outlet.endedWith !== undefined) return;
    outlet.endedWith = how;
    closed?.();
    for (const watcher of watchers) watcher();
  };
  const outlet: RecordingOutlet = {
    pieces: [],
    received: [],
    waitingBytes: 0,
    endedWith: undefined,
    events: () => outlet.received.filter(({ event }) => event !== undefined),
    revisions: () =>
      outlet.received.filter(({ event }) => event === "change").map(({ id }) => revisionOf(id)),
    write(piece) {
      outlet.pieces.push(piece);
      outlet.received.push(...readPiece(piece));
      for (const watcher of watchers) watcher();
    },
    buffered: () => outlet.waitingBytes,
    end: finish,
    destroy: () => finish("destroyed"),
    onClose: (listener) => {
      closed = listener;
    },
    leave: () => finish("destroyed"),
    async until(holds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watcher = (): void => {
        if (holds(outlet)) resolve();
      };
      watchers.add(watcher);
      watcher();
      await promise;
      watchers.delete(watcher);
    },
  };
  return outlet;
};

export const revisionOf = (id: string): number => Number(id.split("-")[1]);

/** Both forms of a piece say the same. */
const readPiece = ({ bytes, messages }: LivePiece): ReceivedEvent[] => {
  const events = readBlocks(new TextDecoder().decode(bytes));
  const spoken = messages.map((message) => JSON.parse(message) as unknown);
  expect(spoken).toEqual(
    events.map(({ data, event, id }) => ({
      id,
      ...(event === undefined ? {} : { event }),
      ...(data === undefined ? {} : { data }),
    })),
  );
  return events;
};

export const readBlocks = (text: string): ReceivedEvent[] =>
  text
    .split("\n\n")
    .filter(Boolean)
    .map((block) => {
      const fields = new Map(
        block.split("\n").map((line): [string, string] => {
          const colon = line.indexOf(": ");
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      );
      const [event, data, retry] = ["event", "data", "retry"].map((name) => fields.get(name));
      return {
        id: fields.get("id") ?? "",
        ...(event === undefined ? {} : { event }),
        ...(data === undefined ? {} : { data: JSON.parse(data) as unknown }),
        ...(retry === undefined ? {} : { retry: Number(retry) }),
      };
    });
