import type { CopyStore } from "../../../src/edge/authority/copy-documents.ts";
import type { Manner } from "./orders.ts";

/** Workers KV remembers for so long that it had nothing. */
const missedSeconds = 60;

/** Workers KV over a real one, as bad as a test orders it to be. */
export const createOrderedStore = () => {
  let manner: Manner = "well";
  let lagSeconds = 0;
  let nowSeconds = 0;
  const figures = { asked: 0, found: 0 };
  const seenFrom = new Map<string, number>();
  const missedUntil = new Map<string, number>();
  /** By layer, what was written of it first. */
  const oldest = new Map<string, string>();

  const read = async (real: CopyStore, name: string): Promise<string | null> => {
    await obey(manner);
    if (manner === "old") return oldest.get(layerOf(name)) ?? null;
    if ((missedUntil.get(name) ?? 0) > nowSeconds) return null;
    const isSeen = (seenFrom.get(name) ?? 0) <= nowSeconds;
    const text = isSeen ? await real.get(name) : null;
    if (text === null) missedUntil.set(name, nowSeconds + missedSeconds);
    return text;
  };

  return {
    figures,
    over: (real: CopyStore): CopyStore => ({
      async get(name) {
        figures.asked += 1;
        const text = await read(real, name);
        if (text !== null) figures.found += 1;
        return text;
      },
      async put(name, text) {
        await obey(manner);
        if (!oldest.has(layerOf(name))) oldest.set(layerOf(name), text);
        seenFrom.set(name, nowSeconds + lagSeconds);
        await real.put(name, text);
      },
      async delete(name) {
        await obey(manner);
        await real.delete(name);
      },
    }),
    set(how: Manner, lag = 0): void {
      manner = how;
      lagSeconds = lag;
    },
    passSeconds(seconds: number): void {
      nowSeconds += seconds;
    },
  };
};

/** Who is silent never ends. */
export const obey = (manner: Manner): Promise<void> => {
  if (manner === "silent") return new Promise(() => {});
  if (manner === "failing") return Promise.reject(new Error("ordered to fail"));
  return Promise.resolve();
};

/** A name is "doc/<epoch>/<kind>/<app>/<environment>/…". */
const layerOf = (name: string): string => name.split("/").slice(0, 5).join("/");
