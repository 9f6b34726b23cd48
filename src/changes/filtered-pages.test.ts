import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import { storeNames } from "../../test/helpers/readers/arbitrary-store.ts";
import { nameOf } from "../../test/helpers/readers/expect-filtered.ts";
import { readPages } from "../../test/helpers/readers/read-pages.ts";
import { useWorlds } from "../../test/helpers/readers/use-worlds.ts";
import type { Ctx } from "../context.ts";
import { listApps } from "../environments/list-apps.ts";
import { listEnvironments } from "../environments/list-environments.ts";
import type { Page, PageInput } from "../platform/page.ts";
import type { Change } from "./change-set.ts";
import { diffEnvironments } from "./diff-environments.ts";
import { diffRevisions } from "./diff-revisions.ts";
import { getChange } from "./get-change.ts";
import { listChanges } from "./list-changes.ts";
import { listEntries } from "./list-entries.ts";

const { anyWorld } = useWorlds();
const all = { limit: 1_000 };

/** Reads a list by pages of every size, or of some, and compares each with the list as a whole. */
const expectSizes = async <Item>(
  read: (input: PageInput) => Promise<Page<Item>>,
  positionOf: (item: Item) => unknown,
  some?: readonly number[],
): Promise<void> => {
  const whole = await read(all);
  expect(whole.nextCursor).toBeUndefined();
  const every = Array.from({ length: whole.items.length + 1 }, (_, index) => index + 1);
  for (const limit of some ?? every) {
    const { ends, items } = await readPages(limit, read);
    expect(items).toEqual(whole.items);
    // What a page ends with is visible, so its cursor names nothing else.
    expect(ends.map(({ position }) => position)).toEqual(ends.map(({ last }) => positionOf(last!)));
  }
};

const positionOf = (item: Parameters<typeof nameOf>[0]): string[] => {
  const { app, environment, key, kind } = nameOf(item);
  return [app, environment, key, kind];
};

/** A change set as the list that it holds. */
const changesOf = async (
  ctx: Ctx,
  input: PageInput & { readonly revision: number },
): Promise<Page<Change>> => {
  const { changes, nextCursor } = await getChange(ctx, input);
  return { items: changes, ...(nextCursor === undefined ? {} : { nextCursor }) };
};

describe("pages", () => {
  it("of every size come to the same, and their cursors name only what may be read", async () => {
    expect.hasAssertions();
    const readers = arbitraryReader.filter((reader) => reader.mayAnywhere("entries.read"));
    const environments = fc.constantFrom("", ...storeNames.environments);
    const property = fc.asyncProperty(
      anyWorld,
      readers,
      fc.constantFrom(...storeNames.kinds),
      environments,
      async (world, reader, kind, environment) => {
        const ctx = world.as(reader);
        const scope = reader.seesScope({ environment }) ? { environment } : {};
        const to = world.model.changeSets.length;
        const { items: changeSets } = await listChanges(ctx, all);
        await Promise.all([
          expectSizes(
            (page) => listEntries(ctx, { kind, ...scope, ...page }),
            (item) => positionOf(item).slice(0, 3),
          ),
          expectSizes(
            (page) => listChanges(ctx, page),
            ({ revision }) => revision,
          ),
          expectSizes(
            (page) => listChanges(ctx, { after: 1, ...page }),
            ({ revision }) => revision,
          ),
          expectSizes((page) => diffRevisions(ctx, { from: to - 5, to, ...page }), positionOf),
          expectSizes(
            (page) => listApps(ctx, page),
            ({ name }) => name,
          ),
          expectSizes(
            (page) => listEnvironments(ctx, page),
            ({ name, rank }) => [rank, name],
          ),
          ...changeSets.map(({ changeCount, revision }) => {
            const sizes = changeCount > 10 ? [4, 31] : undefined;
            return expectSizes((page) => changesOf(ctx, { revision, ...page }), positionOf, sizes);
          }),
        ]);
      },
    );
    await fc.assert(property, { numRuns: 7 * effort });
  });

  it("of the values that differ between environments come to the same too", async () => {
    expect.hasAssertions();
    const input = { app: "pay", fromEnvironment: "staging", toEnvironment: "production" };
    const readers = arbitraryReader.filter((reader) =>
      ["staging", "production"].every((environment) => {
        const isHidden = reader.seesNoKeyOf("config", { app: "pay", environment });
        return reader.mayAnywhere("entries.read") && !isHidden;
      }),
    );
    const property = fc.asyncProperty(anyWorld, readers, async (world, reader) => {
      const ctx = world.as(reader);
      await expectSizes(
        (page) => diffEnvironments(ctx, { ...input, ...page }),
        ({ key }) => key,
      );
    });
    await fc.assert(property, { numRuns: 8 * effort });
  });
});
