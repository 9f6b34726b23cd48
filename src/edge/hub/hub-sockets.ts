import { WSContext, type WSEvents, type WSReadyState } from "hono/ws";
import { type LiveSocket, type OpenLive, socketEvents } from "../../http/live.ts";
import type { SavedStream } from "../../streams/resume-stream.ts";

/** A WebSocket that stays open while the object that holds it is not in memory. */
export interface HibernatingSocket {
  readonly readyState: number;
  send(message: string): void;
  close(code?: number, reason?: string): void;
  serializeAttachment(attachment: unknown): void;
  deserializeAttachment(): unknown;
}

/** The WebSockets of a hub. */
export interface HubSockets {
  /** Begins with one that was accepted just now. */
  begin(socket: HibernatingSocket, events: SocketEvents, saved: Omit<SavedStream, "after">): void;
  /** Goes on with those that an earlier life of this hub has left; answers how many. */
  restore(resume: (saved: SavedStream) => OpenLive): number;
  /** Those that are told what happens. */
  count(): number;
  /** Those that are to be restored. */
  waiting(): number;
  received(socket: HibernatingSocket, data: string | ArrayBuffer): void;
  closed(socket: HibernatingSocket): void;
}

type SocketEvents = WSEvents<LiveSocket>;

/** What is kept with a socket: the runtime gives it back after an eviction. */
interface Attachment {
  readonly saved: SavedStream;
  readonly sentBytes: number;
  readonly maxSentBytes: number;
}

interface OpenSocket {
  readonly events: SocketEvents;
  readonly context: WSContext<LiveSocket>;
}

/**
 * The runtime does not tell what a client has not taken yet (`bufferedAmount` is always 0 under workerd
 * 2026-11): a socket that was sent this much in all is given up as if it took nothing, and its client
 * comes back. Each has another limit, so that those who hear the same do not come back together.
 */
const leastSentBytes = 1_048_576;

const states: readonly WSReadyState[] = [0, 1, 2, 3];
const isOpen = ({ readyState }: HibernatingSocket): boolean => readyState === 1;

/** @param left the sockets that an earlier life of this hub has accepted */
export const createHubSockets = (left: readonly HibernatingSocket[]): HubSockets => {
  const open = new Map<HibernatingSocket, OpenSocket>();
  let waiting = new Set(left.filter(isOpen));

  const closed = (socket: HibernatingSocket): void => {
    waiting.delete(socket);
    const { context, events } = open.get(socket) ?? {};
    open.delete(socket);
    if (context !== undefined) events?.onClose?.(new CloseEvent("close"), context);
  };

  const begin = (socket: HibernatingSocket, events: SocketEvents, attached: Attachment): void => {
    const context = contextOf(socket, attached, () => closed(socket));
    open.set(socket, { events, context });
    events.onOpen?.(new Event("open"), context);
  };

  return {
    begin(socket, events, saved) {
      const maxSentBytes = Math.floor(leastSentBytes * (1 + Math.random()));
      begin(socket, events, { saved: { ...saved, after: "" }, sentBytes: 0, maxSentBytes });
    },
    restore(resume) {
      const some = waiting;
      waiting = new Set();
      for (const socket of some) {
        const attached = socket.deserializeAttachment() as Attachment;
        begin(socket, socketEvents(resume(attached.saved)), attached);
      }
      return some.size;
    },
    count: () => open.size,
    waiting: () => waiting.size,
    received(socket, data) {
      const known = open.get(socket);
      const context = known?.context ?? contextOf(socket, undefined, () => closed(socket));
      const events = known?.events ?? socketEvents(() => {});
      events.onMessage?.(new MessageEvent("message", { data }), context);
    },
    closed,
  };
};

/** A socket as the app sees it. What it was sent last is noted with it. */
const contextOf = (
  socket: HibernatingSocket,
  attached: Attachment | undefined,
  gone: () => void,
): WSContext<LiveSocket> => {
  let sentBytes = attached?.sentBytes ?? 0;
  const close = (code?: number, reason?: string): void => {
    if (isOpen(socket)) socket.close(code, reason);
  };
  const raw: LiveSocket = {
    get bufferedAmount() {
      return attached !== undefined && sentBytes > attached.maxSentBytes ? sentBytes : 0;
    },
    terminate() {
      close(1013);
      // Its end is told of when the client answers, which one that takes nothing never does.
      gone();
    },
  };
  return new WSContext<LiveSocket>({
    raw,
    get readyState() {
      return states[socket.readyState] ?? 3;
    },
    send(data) {
      const message = data as string;
      socket.send(message);
      if (attached === undefined) return;
      sentBytes += message.length;
      const saved = { ...attached.saved, after: idOf(message) };
      socket.serializeAttachment({ ...attached, sentBytes, saved } satisfies Attachment);
    },
    close,
  });
};

/** Every message begins with its id. */
const idOf = (message: string): string => /^\{"id":"([^"]*)"/.exec(message)?.[1] ?? "";
