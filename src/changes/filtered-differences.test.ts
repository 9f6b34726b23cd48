import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { naiveResolve } from "../../test/helpers/naive-resolve.ts";
import { answerOf } from "../../test/helpers/readers/answer.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import { storeNames } from "../../test/helpers/readers/arbitrary-store.ts";
import { countCells } from "../../test/helpers/readers/count-cells.ts";
import {
  expectFiltered,
  nameOf,
  refusedByGrants,
} from "../../test/helpers/readers/expect-filtered.ts";
import { useWorlds } from "../../test/helpers/readers/use-worlds.ts";
import type { World } from "../../test/helpers/readers/world.ts";
import { canonical, chainAt, liveAt } from "../../test/helpers/store-model/model.ts";
import type { Ctx } from "../context.ts";
import type { Json } from "../platform/json.ts";
import {
  type DiffEnvironmentsInput,
  diffEnvironments,
  type EnvironmentDiffItem,
} from "./diff-environments.ts";
import { type DiffRevisionsInput, diffRevisions } from "./diff-revisions.ts";

const { anyWorld, bare } = useWorlds();
const all = { limit: 1_000 };

const option = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const app = fc.constantFrom("", ...storeNames.apps, "nowhere");
const environment = fc.constantFrom("", ...storeNames.environments, "nowhere");
const revision = fc.nat({ max: 8 });
const unreached = 99;

describe("a difference", () => {
  const betweenRevisions = fc.record({
    from: revision,
    to: fc.oneof(
      { weight: 9, arbitrary: revision },
      { weight: 1, arbitrary: fc.constant(unreached) },
    ),
    app: option(app),
    environment: option(environment),
  });
  const betweenEnvironments = fc.record({
    app,
    fromEnvironment: environment,
    toEnvironment: environment,
    at: option(revision),
  });

  it("between revisions holds the entries of the administrator's that may be read", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(betweenRevisions, { minLength: 4, maxLength: 4 }),
      async (world, reader, drawn) => {
        const whole = { from: 0, to: world.model.changeSets.length };
        const reads = [whole, ...drawn].map((input: Omit<DiffRevisionsInput, "limit">) =>
          expectFiltered({
            world,
            bare: bare(),
            reader,
            ask: (ctx) => diffRevisions(ctx, { ...input, ...all }),
            id: ["diff", input],
            // A revision that is not reached is refused before a scope.
            ...(input.to === unreached ? {} : { scope: input }),
            filter: ({ items }) => ({
              items: cells.keep(items, (item) => reader.sees(nameOf(item))),
            }),
          }),
        );
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 40 * effort });
    cells.expectAtLeast(2_500);
  });

  /** What a place resolves to, by key in order. */
  const valuesAt = (
    world: World,
    place: { readonly app: string; readonly environment: string },
    at: number | string = world.model.changeSets.length,
  ): Promise<[string, Json][]> =>
    world.once(canonical(["values", place, at]), async () => {
      const live = liveAt(world.model, Number(at));
      return storeNames.keys.toSorted().flatMap((name): [string, Json][] => {
        const resolved = naiveResolve(chainAt(live, { kind: "config", ...place, key: name }));
        return resolved === undefined ? [] : [[name, resolved.value]];
      });
    });

  const differences = (
    from: readonly (readonly [string, Json])[],
    to: readonly (readonly [string, Json])[],
  ): EnvironmentDiffItem[] =>
    storeNames.keys.toSorted().flatMap((name) => {
      const before = from.find(([candidate]) => candidate === name);
      const after = to.find(([candidate]) => candidate === name);
      if (canonical(before) === canonical(after)) return [];
      const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
      return [{ change, key: name, before: before?.[1] ?? null, after: after?.[1] ?? null }];
    });

  it("between environments treats what may be read in one of them only as if the other had it not", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(betweenEnvironments, { minLength: 8, maxLength: 8, size: "max" }),
      async (world, reader, drawn) => {
        const reads = drawn.map(async (input: Omit<DiffEnvironmentsInput, "limit">) => {
          const places = [input.fromEnvironment, input.toEnvironment].map((of) => {
            return { app: input.app, environment: of };
          });
          const ask = (ctx: Ctx) => diffEnvironments(ctx, { ...input, ...all });
          const whole = await world.once(canonical(["between", input]), (ctx) =>
            answerOf(ask(ctx)),
          );
          const [from = [], to = []] = await Promise.all(
            places.map(async (place) => {
              const values = "body" in whole ? await valuesAt(world, place, input.at) : [];
              return cells.keep(values, ([name]) =>
                reader.sees({ kind: "config", ...place, key: name }),
              );
            }),
          );
          const isHidden = places.some((place) => reader.seesNoKeyOf("config", place));
          const refused = await refusedByGrants({ ask, bare: bare(), reader }, isHidden);
          const filtered = "body" in whole ? { body: { items: differences(from, to) } } : whole;
          expect(await answerOf(ask(world.as(reader)))).toEqual(refused ?? filtered);
        });
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 40 * effort });
    cells.expectAtLeast(2_500);
  });
});
