import * as fc from "fast-check";
import { afterAll, beforeAll, vi } from "vitest";
import { effort } from "../effort.ts";
import { arbitraryStore } from "./arbitrary-store.ts";
import { type BareWorld, createBareWorld, createWorld, type World } from "./world.ts";

const count = 4;

/** A few stores for the properties of one test file, which then differ by who asks what. */
export const useWorlds = () => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const worlds: World[] = [];
  let bareWorld: BareWorld | undefined;

  vi.setConfig({ testTimeout: 60_000 * Math.max(1, effort) });

  beforeAll(async () => {
    bareWorld = await createBareWorld();
    const stores = fc.sample(arbitraryStore, { numRuns: count, seed });
    const named = stores.map((store, index) => createWorld(store, `store ${index} of ${seed}`));
    worlds.push(...(await Promise.all(named)));
  });

  afterAll(async () => {
    await bareWorld?.drop();
    await Promise.all(worlds.map((world) => world.drop()));
  });

  return {
    anyWorld: fc.nat({ max: count - 1 }).map((index) => worlds[index]!),
    bare: (): BareWorld => bareWorld!,
  };
};
