import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseEvents, type ServerEvent } from "./parse-events.ts";

const read = async (chunks: readonly Uint8Array[]): Promise<ServerEvent[]> => {
  const source = (async function* () {
    yield* chunks;
  })();
  const events: ServerEvent[] = [];
  for await (const event of parseEvents(source)) events.push(event);
  return events;
};

const text = `retry: 2500
id: e-1

: a comment
id: e-2
event: change
data: {"a":"ä"}

data: one
data:two
unknown: field
retry: soon

event: change

id: e-3
data: cut off`;

const events: readonly ServerEvent[] = [
  { id: "e-1", retryMs: 2_500 },
  { id: "e-2", event: "change", data: '{"a":"ä"}' },
  { id: "e-2", event: "message", data: "one\ntwo" },
  { id: "e-2" },
];

it("reads events as the standard has them, and nothing that is cut off", async () => {
  expect(await read([Buffer.from(text)])).toEqual(events);
});

it("reads the same however lines end, and wherever the text is cut", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("\n", "\r\n", "\r"),
      fc.array(fc.nat(200), { maxLength: 8 }),
      async (end, places) => {
        const bytes = Buffer.from(text.replaceAll("\n", end));
        const cuts = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const chunks = cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index], cut));
        expect(await read(chunks)).toEqual(events);
      },
    ),
  );
});
