import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { type Answer, answerOf } from "../../test/helpers/readers/answer.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import {
  arbitraryOperations,
  arbitraryStore,
  storeNames,
} from "../../test/helpers/readers/arbitrary-store.ts";
import { type Cells, countCells } from "../../test/helpers/readers/count-cells.ts";
import type { ModelReader } from "../../test/helpers/readers/model-reader.ts";
import { createWorld, type World } from "../../test/helpers/readers/world.ts";
import { positionsOf } from "../../test/helpers/store-model/model.ts";
import { createLayerMemory } from "../layers/memory/layer-memory.ts";
import { createLayerReader, type LayerReader } from "../layers/memory/layer-reader.ts";
import { type Read, readConfig } from "./read-config.ts";
import { readDocument } from "./read-document.ts";
import { documentText, type ReadText, valueText } from "./read-texts.ts";

interface Place {
  readonly app: string;
  readonly environment: string;
}

interface Reading {
  readonly world: World;
  readonly layers: LayerReader;
  readonly reader: ModelReader;
  readonly place: Place;
}

/** Memory may also say how old it is. */
const ageless = <Body>(answer: Answer<Read<Body>>): Answer<Read<Body>> => {
  if (!("body" in answer)) return answer;
  const { staleMs: _staleMs, ...read } = answer.body;
  return { body: read };
};

const asText = ({ body, tag }: Read<unknown>): ReadText => {
  const text = JSON.stringify(body);
  return { tag, text, bytes: Buffer.byteLength(text) };
};

const expectDocuments = async (
  { layers, place, reader, world }: Reading,
  prefix: string | undefined,
  cells: Cells,
): Promise<void> => {
  const ctx = world.as(reader);
  const input = { ...place, prefix };
  const whole = await readDocument(world.administrator, input);
  cells.keep(Object.keys(whole.body.values), (key) =>
    reader.sees({ kind: "config", ...place, key }),
  );
  const answer = ageless(await answerOf(readDocument(ctx, input)));
  const fromMemory = await answerOf(readDocument({ ...ctx, layers }, input));
  expect(ageless(fromMemory)).toEqual(answer);
  const opened = layers.peek({ kind: "config", ...place });
  if (!("body" in answer) || opened === undefined || prefix !== undefined) return;
  const visible = ctx.permissions.keys("entries.read", "config", place.app, place.environment);
  const { bytes, tag, text } = documentText(opened, place, visible);
  expect({ tag, text, bytes }).toEqual(asText(answer.body));
};

const expectValues = async ({ layers, place, reader, world }: Reading): Promise<void> => {
  const ctx = world.as(reader);
  const opened = layers.peek({ kind: "config", ...place });
  const reads = storeNames.keys.map(async (key) => {
    for (const explain of [true, false]) {
      const input = { ...place, key, explain };
      const answer = ageless(await answerOf(readConfig(ctx, input)));
      const fromMemory = await answerOf(readConfig({ ...ctx, layers }, input));
      expect(ageless(fromMemory)).toEqual(answer);
      if (explain || !("body" in answer) || opened === undefined) continue;
      const made = valueText(opened, key);
      expect(made && { tag: made.tag, text: made.text, bytes: made.bytes }).toEqual(
        asText(answer.body),
      );
    }
  });
  await Promise.all(reads);
};

describe("memory", () => {
  it(
    "answers each reader as the store does, also in prepared texts and after changes",
    async () => {
      expect.hasAssertions();
      const cells = countCells();
      const changes = fc.array(
        fc.record({
          sketches: arbitraryOperations(4),
          readers: fc.array(arbitraryReader, { minLength: 4, maxLength: 4 }),
          prefix: fc.option(fc.constantFrom("db", "db.", "zz"), { nil: undefined, freq: 2 }),
          draw: fc.nat(),
        }),
        { minLength: 6, maxLength: 6, size: "max" },
      );
      const property = fc.asyncProperty(arbitraryStore, changes, async (store, taken) => {
        const world = await createWorld(store);
        try {
          const layers = createLayerReader(createLayerMemory(64 * 1024 * 1024));
          for (const { draw, prefix, readers, sketches } of taken) {
            await world.change(sketches);
            await layers.followOnce(world.administrator.sql);
            const places = positionsOf(world.model);
            for (const reader of readers) {
              const reads = places.map((place) =>
                expectDocuments({ world, layers, reader, place }, prefix, cells),
              );
              await Promise.all(reads);
              const place = places[draw % places.length]!;
              await expectValues({ world, layers, reader, place });
            }
          }
        } finally {
          await world.drop();
        }
      });
      await fc.assert(property, { numRuns: Math.ceil(2 * effort), endOnFailure: true });
      cells.expectAtLeast(2_000);
    },
    60_000 * Math.max(1, effort),
  );
});
