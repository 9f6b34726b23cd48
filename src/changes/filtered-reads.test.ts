import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effort } from "../../test/helpers/effort.ts";
import { answerOf, retold } from "../../test/helpers/readers/answer.ts";
import { arbitraryReader } from "../../test/helpers/readers/arbitrary-reader.ts";
import { storeNames } from "../../test/helpers/readers/arbitrary-store.ts";
import { countCells } from "../../test/helpers/readers/count-cells.ts";
import { expectFiltered, nameOf } from "../../test/helpers/readers/expect-filtered.ts";
import { useWorlds } from "../../test/helpers/readers/use-worlds.ts";
import type { World } from "../../test/helpers/readers/world.ts";
import { idOf } from "../../test/helpers/store-model/model.ts";
import { listApps } from "../environments/list-apps.ts";
import { listEnvironments } from "../environments/list-environments.ts";
import { getChange } from "./get-change.ts";
import { getEntry } from "./get-entry.ts";
import { type ListChangesInput, listChanges } from "./list-changes.ts";
import { type ListEntriesInput, listEntries } from "./list-entries.ts";
import { listHistory } from "./list-history.ts";
import type { EntryName } from "./state.ts";

const { anyWorld, bare } = useWorlds();
const all = { limit: 1_000 };

const option = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 2 });
const kind = fc.constantFrom(...storeNames.kinds);
const app = fc.constantFrom("", ...storeNames.apps, "nowhere");
const environment = fc.constantFrom("", ...storeNames.environments, "nowhere");
const key = fc.constantFrom(...storeNames.keys);
const revision = fc.nat({ max: 8 });

describe("a list of entries", () => {
  const inputs = fc.record({
    kind,
    app: option(app),
    environment: option(environment),
    prefix: option(fc.constantFrom("db", "feature.", "zz")),
  });

  it("holds the entries of the administrator's that may be read", async () => {
    expect.hasAssertions();
    const cells = countCells();
    let hiddenScopes = 0;
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(inputs, { minLength: 4, maxLength: 4 }),
      async (world, reader, drawn) => {
        const whole = storeNames.kinds.map(
          (one): Omit<ListEntriesInput, "limit"> => ({ kind: one }),
        );
        hiddenScopes += drawn.filter((input) => !reader.seesScope(input)).length;
        const reads = [...whole, ...drawn].map((input) =>
          expectFiltered({
            world,
            bare: bare(),
            reader,
            ask: (ctx) => listEntries(ctx, { ...input, ...all }),
            id: ["entries", input],
            scope: input,
            filter: ({ items }) => ({
              items: cells.keep(items, (item) => reader.sees(nameOf(item))),
            }),
          }),
        );
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 60 * effort });
    cells.expectAtLeast(8_000);
    expect(hiddenScopes).toBeGreaterThan(5);
  });

  it("is what each of its entries is by its id", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(fc.nat(), { minLength: 20, maxLength: 20, size: "max" }),
      async (world, reader, draws) => {
        const { items } = await world.once("entries by id", (ctx) =>
          listEntries(ctx, { kind: "config", ...all }),
        );
        const unknown = "00000000-0000-4000-8000-000000000000";
        const ids = [unknown, "no id", ...draws.map((draw) => items[draw % items.length]!.id)];
        const reads = ids.map((id) =>
          expectFiltered({
            world,
            bare: bare(),
            reader,
            ask: (ctx) => getEntry(ctx, id),
            id: ["entry", id],
            filter: (found) => cells.keep([found], ({ name }) => reader.sees(name)).at(0),
            missing: async (ctx) => retold(await answerOf(getEntry(ctx, unknown)), unknown, id),
          }),
        );
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 40 * effort });
    cells.expectAtLeast(600);
  });
});

describe("change sets", () => {
  const inputs = fc.record({
    after: option(revision),
    app: option(fc.constantFrom(...storeNames.apps, "nowhere")),
    environment: option(fc.constantFrom(...storeNames.environments, "nowhere")),
    kind: option(kind),
    key: option(key),
  });

  const changesOf = ({ model }: World, of: number) =>
    (model.changeSets[of - 1]?.changes ?? []).map(nameOf);

  const isAskedFor = (name: EntryName, input: Omit<ListChangesInput, "limit">): boolean =>
    (["kind", "app", "environment", "key"] as const).every(
      (member) => input[member] === undefined || input[member] === name[member],
    );

  it("are listed where something of what is asked for may be read, and count just that", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const matches = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(inputs, { minLength: 6, maxLength: 6, size: "max" }),
      async (world, reader, drawn) => {
        const reads = [{}, ...drawn].map((input: Omit<ListChangesInput, "limit">) =>
          expectFiltered({
            world,
            bare: bare(),
            reader,
            ask: (ctx) => listChanges(ctx, { ...input, ...all }),
            id: ["changes", input],
            scope: input,
            filter: ({ items }) => ({
              items: items.flatMap((item) => {
                const changes = changesOf(world, item.revision);
                const seen = cells.keep(changes, (name) => reader.sees(name));
                const isListed = seen.some((name) => isAskedFor(name, input));
                matches.note(isListed);
                return isListed ? [{ ...item, changeCount: seen.length }] : [];
              }),
            }),
          }),
        );
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 60 * effort });
    cells.expectAtLeast(18_000);
    matches.expectAtLeast(300);
  });

  it("show the changes that may be read, and are missing where there are none", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(anyWorld, arbitraryReader, async (world, reader) => {
      const unknown = world.model.changeSets.length + 1;
      const reads = Array.from({ length: unknown + 1 }, (_, of) =>
        expectFiltered({
          world,
          bare: bare(),
          reader,
          ask: (ctx) => getChange(ctx, { revision: of, ...all }),
          id: ["change", of],
          filter: (whole) => {
            const changes = cells.keep(whole.changes, (item) => reader.sees(nameOf(item)));
            const changeCount = changes.length;
            return changeCount === 0 ? undefined : { ...whole, changes, changeCount };
          },
          missing: async (ctx) =>
            retold(
              await answerOf(getChange(ctx, { revision: unknown, ...all })),
              ` ${unknown}.`,
              ` ${of}.`,
            ),
        }),
      );
      await Promise.all(reads);
    });
    await fc.assert(property, { numRuns: 40 * effort });
    cells.expectAtLeast(4_000);
  });
});

describe("a history", () => {
  it("is the administrator's, or that of what never was", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(
      anyWorld,
      arbitraryReader,
      fc.array(fc.nat(), { minLength: 30, maxLength: 30, size: "max" }),
      async (world, reader, draws) => {
        const known = new Map(world.model.versions.map((version) => [idOf(version), version]));
        const names = [...known.values()];
        const reads = draws.map((draw) => {
          const {
            app: ofApp,
            environment: of,
            key: named,
            kind: ofKind,
          } = names[draw % names.length]!;
          // Every third is of the other kind, where there may be nothing.
          const asked = draw % 3 === 0 ? (ofKind === "memo" ? "config" : "memo") : ofKind;
          const name = { kind: asked, app: ofApp, environment: of, key: named };
          return expectFiltered({
            world,
            bare: bare(),
            reader,
            ask: (ctx) => listHistory(ctx, { ...name, ...all }),
            id: ["history", name],
            filter: (whole) => {
              const items = cells.keep(whole.items, () => reader.sees(name));
              return items.length === 0 ? undefined : { items };
            },
            missing: async (ctx) => {
              const never = await answerOf(listHistory(ctx, { ...name, key: "nothing", ...all }));
              return retold(never, "nothing", named);
            },
          });
        });
        await Promise.all(reads);
      },
    );
    await fc.assert(property, { numRuns: 40 * effort });
    cells.expectAtLeast(600);
  });
});

describe("apps and environments", () => {
  it("are listed where something in them may be read", async () => {
    expect.hasAssertions();
    const cells = countCells();
    const property = fc.asyncProperty(anyWorld, arbitraryReader, async (world, reader) => {
      const ctx = world.as(reader);
      const ofApps = await world.once("apps", (admin) => listApps(admin, all));
      const apps = cells.keep(ofApps.items, ({ name }) => reader.seesScope({ app: name }));
      expect(await listApps(ctx, all)).toEqual({ items: apps });
      const ofEnvironments = await world.once("environments", (admin) =>
        listEnvironments(admin, all),
      );
      const environments = cells.keep(ofEnvironments.items, ({ name }) =>
        reader.seesScope({ environment: name }),
      );
      expect(await listEnvironments(ctx, all)).toEqual({ items: environments });
    });
    await fc.assert(property, { numRuns: 300 * effort });
    cells.expectAtLeast(2_000);
  });
});
