import type { Json } from "../../platform/json.ts";

/** One entry's change, with its redacted values where whoever is told may read them. */
export interface ToldChange {
  readonly op: "put" | "delete";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly version: number;
  readonly before?: Json;
  readonly after?: Json;
}

/** What an event says. Of a change event, `changes` are those that its receiver may know of. */
export interface EventData {
  readonly [member: string]: Json | readonly ToldChange[] | undefined;
  readonly changes?: readonly ToldChange[];
}

/** An event as one receiver is told it. */
interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly data: EventData;
}

export interface MessageInput {
  readonly payload: "thin" | "full";
  readonly event: ToldEvent;
}

/** A request's body, the same on every attempt. */
export interface Message {
  readonly contentType: string;
  readonly body: string;
}
