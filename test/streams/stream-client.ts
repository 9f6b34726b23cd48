import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { WebSocket } from "ws";
import { type ReceivedEvent, readBlocks, revisionOf } from "../helpers/streams/recording-outlet.ts";

/** A client of a server's stream, over whichever of the two ways. */
export interface StreamClient {
  readonly received: readonly ReceivedEvent[];
  readonly events: () => readonly ReceivedEvent[];
  readonly lastId: () => string | undefined;
  /** Waits until something holds; looks whenever something arrives or the connection ends. */
  until(holds: (client: StreamClient) => boolean): Promise<void>;
  /** The code of a WebSocket's end, 0 of an event stream's; undefined while it lasts. */
  readonly endedWith: () => number | undefined;
  /** Takes nothing more, for a while. */
  pause(): void;
  resume(): void;
  /** Breaks the connection off. */
  cut(): void;
}

export interface StreamTarget {
  readonly url: string;
  /** Of another stream than that of changes. */
  readonly path?: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type OpenStream = (target: StreamTarget) => Promise<StreamClient>;

interface Recording {
  readonly client: Pick<StreamClient, "received" | "events" | "lastId" | "until" | "endedWith">;
  readonly take: (events: readonly ReceivedEvent[]) => void;
  readonly end: (code: number) => void;
}

const record = (): Recording => {
  const received: ReceivedEvent[] = [];
  const watchers = new Set<() => void>();
  let ended: number | undefined;
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  const client: Recording["client"] = {
    received,
    events: () => received.filter(({ event }) => event !== undefined),
    lastId: () => received.at(-1)?.id,
    endedWith: () => ended,
    async until(holds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watcher = (): void => {
        if (holds(client as StreamClient)) resolve();
      };
      watchers.add(watcher);
      watcher();
      await promise;
      watchers.delete(watcher);
    },
  };
  return {
    client,
    take(events) {
      received.push(...events);
      look();
    },
    end(code) {
      ended ??= code;
      look();
    },
  };
};

const addressOf = ({ query, url }: StreamTarget, path: string): string =>
  `${url}${path}?${new URLSearchParams(query).toString()}`;

/** The revisions of the changes among events. */
export const changesIn = (received: readonly ReceivedEvent[]): number[] =>
  received.filter(({ event }) => event === "change").map(({ id }) => revisionOf(id));

/** Follows `GET /v1/stream`, or another event stream. */
export const openEvents: OpenStream = async (target) => {
  const { client, end, take } = record();
  const req = request(addressOf(target, target.path ?? "/v1/stream"), {
    agent: false,
    headers: target.headers,
  });
  req.end();
  const [response] = (await once(req, "response")) as [IncomingMessage];
  if (response.statusCode !== 200) {
    response.destroy();
    throw new Error(`the stream was answered with ${response.statusCode}`);
  }
  let pending = "";
  response.setEncoding("utf8").on("data", (text: string) => {
    const parts = (pending + text).split("\n\n");
    pending = parts.pop() ?? "";
    take(parts.flatMap(readBlocks));
  });
  // What is cut off is an end too.
  response.on("error", () => end(0));
  response.on("close", () => end(0));
  return {
    ...client,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    cut: () => void response.destroy(),
  };
};

export interface SocketClient extends StreamClient {
  readonly socket: WebSocket;
}

/** Follows `GET /v1/stream/ws`. */
export const openSocket = async (target: StreamTarget): Promise<SocketClient> => {
  const { client, end, take } = record();
  const url = addressOf(target, "/v1/stream/ws").replace(/^http/, "ws");
  const socket = new WebSocket(url, { headers: { ...target.headers } });
  socket.on("message", (data: Buffer) => take([JSON.parse(data.toString()) as ReceivedEvent]));
  socket.on("close", (code) => end(code));
  await once(socket, "open");
  return {
    ...client,
    socket,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    cut: () => socket.terminate(),
  };
};
