import { Buffer } from "node:buffer";
import type { LivePiece } from "../http/live.ts";

/** What a client gets at one time: an event, or with nothing but an id a sign of life. */
export interface StreamEvent {
  readonly id: string;
  readonly event?: "change" | "jobspec" | "reset" | "close";
  /** JSON. */
  readonly data?: string;
  /** When a client that loses the connection is to come back. */
  readonly retryMs?: number;
}

/** Events that go out together. Each form is made when the first client needs it. */
export const createPiece = (events: readonly StreamEvent[]): LivePiece => {
  let bytes: LivePiece["bytes"] | undefined;
  let messages: LivePiece["messages"] | undefined;
  return {
    get bytes(): LivePiece["bytes"] {
      const made: LivePiece["bytes"] = bytes ?? Buffer.from(events.map(blockOf).join(""));
      bytes = made;
      return made;
    },
    get messages(): LivePiece["messages"] {
      messages ??= events.map(messageOf);
      return messages;
    },
  };
};

/** As the HTML standard writes an event of a stream, ended by an empty line. */
export const blockOf = ({ data, event, id, retryMs }: StreamEvent): string =>
  (retryMs === undefined ? "" : `retry: ${retryMs}\n`) +
  `id: ${id}\n` +
  (event === undefined ? "" : `event: ${event}\n`) +
  (data === undefined ? "\n" : `data: ${data}\n\n`);

/** `data` is JSON already, so that it is not made twice. */
const messageOf = ({ data, event, id }: StreamEvent): string =>
  event === undefined
    ? JSON.stringify({ id })
    : `{"id":${JSON.stringify(id)},"event":"${event}","data":${data ?? "null"}}`;
