import { Buffer } from "node:buffer";
import type { EventData, Message, MessageInput, ToldChange } from "./message.ts";

/** Past this a message is cut short. */
const maxBodyBytes = 256 * 1024;

/** The end of `"changesTotal":10000,"truncated":true` and of the list. */
const reservedBytes = 100;

/**
 * CloudEvents 1.0, structured JSON. One that is larger than 256 KiB goes without values, and then with
 * as many changes as there is room for; `truncated` says so, `changesTotal` how many there are.
 */
export const renderCloudEvent = ({ event, payload }: MessageInput): Message => {
  const bodyOf = (data: EventData): string =>
    JSON.stringify({
      specversion: "1.0",
      id: event.id,
      source: event.source,
      type: event.type,
      time: event.time,
      datacontenttype: "application/json",
      data,
    });
  const thin = withoutValues(event.data);
  const candidates = payload === "full" ? [event.data, { ...thin, truncated: true }] : [thin];
  const body = candidates.map(bodyOf).find(fits) ?? bodyOf(cutShort(thin, bodyOf));
  return { contentType: "application/cloudevents+json; charset=utf-8", body };
};

const fits = (body: string): boolean => Buffer.byteLength(body) <= maxBodyBytes;

const withoutValues = (data: EventData): EventData =>
  data.changes === undefined ? data : { ...data, changes: data.changes.map(withoutItsValues) };

const withoutItsValues = (told: ToldChange): ToldChange => {
  const { after: _, before: __, ...change } = told;
  return change;
};

const cutShort = (data: EventData, bodyOf: (data: EventData) => string): EventData => {
  const { changes = [] } = data;
  let room = maxBodyBytes - reservedBytes - Buffer.byteLength(bodyOf({ ...data, changes: [] }));
  const kept: ToldChange[] = [];
  for (const change of changes) {
    room -= Buffer.byteLength(JSON.stringify(change)) + 1;
    if (room < 0) break;
    kept.push(change);
  }
  return { ...data, changes: kept, changesTotal: changes.length, truncated: true };
};
