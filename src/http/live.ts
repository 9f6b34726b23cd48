import type { Context } from "hono";
import type { WSContext, WSEvents } from "hono/ws";
import { invalidInput, Problem } from "../errors.ts";

/** Something to send, encoded once for all who get it. */
export interface LivePiece {
  /** As an event stream has it (`text/event-stream`). */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As messages of a WebSocket. */
  readonly messages: readonly string[];
}

/** A connection to one client, which pieces are written to as they come. */
export interface Outlet {
  write(piece: LivePiece): void;
  /** Bytes that wait for the client to take them. */
  buffered(): number;
  /** Ends it after what was written. `closeCode` is a WebSocket's. */
  end(closeCode: number): void;
  /** Ends it at once. */
  destroy(): void;
  /** Tells when it has ended, whoever ended it. */
  onClose(listener: () => void): void;
}

export type OpenLive = (outlet: Outlet) => void;

/** An answer that goes on until somebody ends it. */
export interface LiveAnswer {
  readonly over: "events" | "socket";
  readonly open: OpenLive;
  /** What it takes to open it anew without the request, as JSON: for sockets that outlive a process. */
  readonly again?: () => unknown;
}

/** Of an event stream; whatever would compress it would hold it back. */
export const eventStreamHeaders: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream",
  "cache-control": "private, no-cache, no-transform",
  "x-accel-buffering": "no",
};

/** How a runtime sends what has no end, where it can do better than the general way. */
export interface LiveTransport {
  /** Answers with a head, and opens once that is sent. */
  readonly events?: (c: Context, init: ResponseInit, open: OpenLive) => Response;
  /** Turns the request into a WebSocket. */
  readonly socket?: (
    c: Context,
    events: WSEvents<LiveSocket>,
    again: LiveAnswer["again"],
  ) => Response | Promise<Response>;
}

/** What outlets need of a WebSocket beyond Hono's; `terminate` is Node's. */
export interface LiveSocket {
  readonly bufferedAmount: number;
  terminate?(): void;
}

/**
 * Answers with events or a WebSocket.
 *
 * @throws Problem `INVALID_INPUT` where a WebSocket is not what the request asks for, `UNAVAILABLE`
 */
export const answerLive = (
  c: Context,
  transport: LiveTransport,
  { again, open, over }: LiveAnswer,
  init: ResponseInit,
): Response | Promise<Response> => {
  if (over === "socket") return answerSocket(c, transport, open, again);
  if (c.req.method === "HEAD") return new Response(null, init);
  if (transport.events !== undefined) return transport.events(c, init, open);
  return new Response(streamOf(open), init);
};

const answerSocket = (
  c: Context,
  { socket }: LiveTransport,
  open: OpenLive,
  again: LiveAnswer["again"],
): Response | Promise<Response> => {
  if (c.req.method === "HEAD" || c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw invalidInput("Upgrade", "must be websocket: this route speaks nothing else");
  }
  if (socket === undefined) {
    throw new Problem("UNAVAILABLE", "There are no WebSockets here: use the event stream.");
  }
  return socket(c, socketEvents(open), again);
};

/** An event stream where nothing is known but the web's streams. */
export const streamOf = (open: OpenLive): ReadableStream<Uint8Array> => {
  let closed: (() => void) | undefined;
  let isOver = false;
  const finish = (close: () => void): void => {
    if (isOver) return;
    isOver = true;
    close();
    closed?.();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) =>
        open({
          write: ({ bytes }) => {
            if (!isOver) controller.enqueue(bytes);
          },
          // Nothing is to wait, so what is wanted is as far below nothing as what waits.
          buffered: () => 0 - (controller.desiredSize ?? 0),
          end: () => finish(() => controller.close()),
          destroy: () => finish(() => controller.error(new Error("the stream was ended"))),
          onClose: (listener) => {
            closed = listener;
          },
        }),
      cancel: () => finish(() => {}),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
};

/** Past this length a message is not even read; any other is refused all the same. */
export const maxIncomingBytes = 1_024;

/** What is to happen at a WebSocket's events, so that `open` gets an outlet. */
export const socketEvents = (open: OpenLive): WSEvents<LiveSocket> => {
  let closed: (() => void) | undefined;
  let isOver = false;
  const finish = (): void => {
    isOver = true;
    closed?.();
  };
  return {
    onOpen: (_event, socket) =>
      open(
        socketOutlet(socket, (listener) => {
          closed = listener;
          // Whoever looks something up before he listens may be too late.
          if (isOver) listener();
        }),
      ),
    onMessage: ({ data }, socket) => {
      const length = typeof data === "string" ? data.length : maxIncomingBytes + 1;
      if (length > maxIncomingBytes) socket.close(1009, "too large");
      else socket.close(1008, "nothing is expected from a client");
    },
    onClose: finish,
    onError: finish,
  };
};

const socketOutlet = (
  socket: WSContext<LiveSocket>,
  onClose: (listener: () => void) => void,
): Outlet => ({
  write: ({ messages }) => {
    // What is closing takes no more.
    if (socket.readyState !== 1) return;
    for (const message of messages) socket.send(message);
  },
  buffered: () => socket.raw?.bufferedAmount ?? 0,
  end: (closeCode) => socket.close(closeCode),
  destroy: () => {
    if (socket.raw?.terminate === undefined) socket.close(1013);
    else socket.raw.terminate();
  },
  onClose,
});
