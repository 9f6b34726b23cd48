import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { type Answer, answerOf, retold } from "../../test/helpers/readers/answer.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import {
  arbitraryOperations,
  arbitraryStore,
  storeNames,
} from "../../test/helpers/readers/arbitrary-store.ts";
import { type Cells, countCells } from "../../test/helpers/readers/count-cells.ts";
import { refusedByGrants } from "../../test/helpers/readers/expect-filtered.ts";
import { type ModelReader, modelReader } from "../../test/helpers/readers/model-reader.ts";
import { useWorlds } from "../../test/helpers/readers/use-worlds.ts";
import { createWorld, type World } from "../../test/helpers/readers/world.ts";
import { canonical, positionsOf } from "../../test/helpers/store-model/model.ts";
import type { Ctx } from "../context.ts";
import { type ConfigValue, type Read, readConfig } from "./read-config.ts";
import { type ConfigDocument, type ReadDocumentInput, readDocument } from "./read-document.ts";

const { anyWorld, bare } = useWorlds();

/** Where somebody may stand, and where nobody can. */
const placesIn = ({ model }: World) => [
  ...positionsOf(model),
  { app: "nowhere", environment: "" },
  { app: "pay", environment: "nowhere" },
];

/** The newest revision of what the reader may see of the layers, deletes included. */
const visibleRevision = (
  { model }: World,
  reader: ModelReader,
  { app, at = Number.POSITIVE_INFINITY, environment, prefix = "" }: ReadDocumentInput,
): number => {
  const seen = model.versions.filter(
    (version) =>
      version.kind === "config" &&
      ["", app].includes(version.app) &&
      ["", environment].includes(version.environment) &&
      version.revision <= Number(at) &&
      version.key.startsWith(prefix) &&
      reader.sees({ kind: "config", app, environment, key: version.key }),
  );
  return Math.max(0, ...seen.map(({ revision }) => revision));
};

const wholeDocument = (world: World, input: ReadDocumentInput) =>
  world.once(canonical(["document", input]), (ctx) => answerOf(readDocument(ctx, input)));

const expectedDocument = async (
  world: World,
  reader: ModelReader,
  input: ReadDocumentInput,
  cells: Cells,
): Promise<Answer<Omit<Read<ConfigDocument>, "tag">>> => {
  const whole = await wholeDocument(world, input);
  const { app, environment } = input;
  const values = "body" in whole ? Object.entries(whole.body.body.values) : [];
  const kept = cells.keep(values, ([key]) =>
    reader.sees({ kind: "config", app, environment, key }),
  );
  const ask = (ctx: Ctx) => readDocument(ctx, input);
  const isHidden = reader.seesNoKeyOf("config", input);
  const refused = await refusedByGrants({ ask, bare: bare(), reader }, isHidden);
  if (refused !== undefined) return refused;
  if (!("body" in whole)) return whole;
  const { body, revision } = whole.body;
  const seesAll = reader.seesEveryKeyOf("config", input);
  const newest = seesAll ? body.revision : visibleRevision(world, reader, input);
  return {
    body: { revision, body: { ...body, revision: newest, values: Object.fromEntries(kept) } },
  };
};

/** Grants that come to the same for who only reads: another order, some twice, another role. */
const alike = ({ grants }: ModelReader): ModelReader =>
  modelReader(
    [...grants, ...grants.slice(0, 2)].toReversed().map((grant) => {
      return grant.role === "viewer" ? { ...grant, role: "auditor" } : grant;
    }),
  );

/** The tags of each resource, with the body that each stood for: a client takes one for the other. */
const createTags = () => {
  const bodies = new Map<string, string>();
  return {
    expectStandsFor(tag: string, body: unknown, ...resource: readonly unknown[]): void {
      const id = canonical([...resource, tag]);
      expect(bodies.get(id) ?? canonical(body)).toBe(canonical(body));
      bodies.set(id, canonical(body));
    },
  };
};

const withoutTag = <Body>(answer: Answer<Read<Body>>): Answer<Omit<Read<Body>, "tag">> => {
  if (!("body" in answer)) return answer;
  const { tag: _tag, ...read } = answer.body;
  return { body: read };
};

describe("a document", () => {
  it("holds what the reader may see of the administrator's, now and past, and is tagged by that", async () => {
    const cells = countCells();
    const tags = createTags();
    const prefixes = fc.option(fc.constantFrom("db", "db.", "feature.b", "", "zz"), {
      nil: undefined,
      freq: 2,
    });
    const pasts = fc.option(fc.nat({ max: 8 }), { nil: undefined, freq: 2 });
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.tuple(prefixes, pasts),
      async (world, reader, [prefix, at]) => {
        const ctx = world.as(reader);
        const twin = world.as(alike(reader));
        const reads = placesIn(world).map(async (place) => {
          const input = { ...place, prefix, at };
          const expected = await expectedDocument(world, reader, input, cells);
          const answer = await answerOf(readDocument(ctx, input));
          expect(withoutTag(answer)).toEqual(expected);
          expect(await answerOf(readDocument(twin, input))).toEqual(answer);
          if (!("body" in answer)) return;
          const { body, tag } = answer.body;
          expect(Object.keys(body.values)).toEqual(Object.keys(body.values).toSorted());
          tags.expectStandsFor(tag, body, world.name, place, prefix ?? "");
          if (!reader.seesEveryKeyOf("config", place)) return;
          expect(answer).toEqual(await wholeDocument(world, input));
        });
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 80 * effort });
    cells.expectAtLeast(10_000);
  });

  it("changes, and its tag with it, by what is visible only", async () => {
    const cells = countCells();
    const readers = fc.array(arbitraryReader, { minLength: 10, maxLength: 10, size: "max" });
    const operations = fc.array(arbitraryOperations(4), {
      minLength: 8,
      maxLength: 8,
      size: "max",
    });
    const property = fc.asyncProperty(
      arbitraryStore,
      readers,
      operations,
      async (store, asked, changes) => {
        const world = await createWorld(store);
        try {
          let before = await readAll(world, asked);
          for (const sketches of changes) {
            const since = world.model.changeSets.length;
            await world.change(sketches);
            const after = await readAll(world, asked);
            for (const [index, { answer, place, reader }] of after.entries()) {
              const touched = touchedKeys(world, place, since);
              const isVisible =
                cells.keep(touched, (key) => seesKey(reader, place, key)).length > 0;
              expect(canonical(answer) !== canonical(before[index]?.answer)).toBe(isVisible);
            }
            before = after;
          }
        } finally {
          await world.drop();
        }
      },
    );
    await fc.assert(property, { numRuns: Math.ceil(2 * effort) });
    cells.expectAtLeast(500);
  });
});

/** The documents of all readers in every place, as a client that holds them compares them. */
const readAll = (world: World, readers: readonly ModelReader[]) =>
  Promise.all(
    readers.flatMap((reader) =>
      positionsOf(world.model).map(async (place) => {
        const answer = await answerOf(readDocument(world.as(reader), place));
        const compared = "body" in answer ? [answer.body.tag, answer.body.body] : answer;
        return { reader, place, answer: compared };
      }),
    ),
  );

/** The keys that were touched in the layers of a place; a change set may come to nothing. */
const touchedKeys = (
  { model }: World,
  place: { readonly app: string; readonly environment: string },
  since: number,
): string[] => {
  const touched = model.versions.filter(
    ({ app, environment, kind, revision }) =>
      revision > since &&
      kind === "config" &&
      ["", place.app].includes(app) &&
      ["", place.environment].includes(environment),
  );
  return [...new Set(touched.map(({ key }) => key))];
};

const seesKey = (
  reader: ModelReader,
  place: { readonly app: string; readonly environment: string },
  key: string,
): boolean => reader.mayAnywhere("entries.read") && reader.sees({ kind: "config", ...place, key });

const expectedValue = async (
  world: World,
  reader: ModelReader,
  input: { readonly app: string; readonly environment: string; readonly key: string },
  cells: Cells,
): Promise<Answer<Read<ConfigValue>>> => {
  const ofAdministrator = (key: string) =>
    world.once(canonical(["value", input, key]), (ctx) =>
      answerOf(readConfig(ctx, { ...input, key, explain: true })),
    );
  const whole = await ofAdministrator(input.key);
  const isVisible = reader.sees({ kind: "config", ...input });
  if ("body" in whole) cells.note(isVisible);
  const ask = (ctx: Ctx) => readConfig(ctx, { ...input, explain: true });
  const isHidden = reader.seesNoKeyOf("config", input);
  const refused = await refusedByGrants({ ask, bare: bare(), reader }, isHidden);
  if (refused !== undefined) return refused;
  // What is hidden is missing, in the words that are said of what nobody ever made.
  if (!isVisible) return retold(await ofAdministrator("nothing"), "nothing", input.key);
  if (!("body" in whole)) return whole;
  const { body, ...read } = whole.body;
  const layers = cells.keep(body.layers ?? [], ({ scope }) =>
    reader.sees({
      kind: "config",
      app: scope.app ?? "",
      environment: scope.environment ?? "",
      key: input.key,
    }),
  );
  return { body: { ...read, body: { ...body, layers } } };
};

const unexplained = (answer: Answer<Read<ConfigValue>>): Answer<Read<ConfigValue>> => {
  if (!("body" in answer)) return answer;
  const { layers: _layers, ...body } = answer.body.body;
  return { body: { ...answer.body, body } };
};

describe("a single value", () => {
  it("is the administrator's or is missing, and is explained by the layers that may be read", async () => {
    const cells = countCells();
    const tags = createTags();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.nat(),
      async (world, reader, draw) => {
        const ctx = world.as(reader);
        const places = placesIn(world);
        const place = places[draw % places.length]!;
        const reads = storeNames.keys.map(async (key) => {
          const input = { ...place, key };
          const expected = await expectedValue(world, reader, input, cells);
          const explained = await answerOf(readConfig(ctx, { ...input, explain: true }));
          const answer = await answerOf(readConfig(ctx, input));
          expect(withoutTag(explained)).toEqual(withoutTag(expected));
          expect(withoutTag(answer)).toEqual(withoutTag(unexplained(expected)));
          if (!("body" in explained)) return;
          const { body, tag } = explained.body;
          tags.expectStandsFor(tag, body, world.name, input);
          const whole = await world.once(canonical(["plain", input]), (admin) =>
            readConfig(admin, input),
          );
          expect("body" in answer && answer.body.tag).toBe(whole.tag);
        });
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 120 * effort });
    cells.expectAtLeast(1_200);
  });
});
