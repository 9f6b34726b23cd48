import type { CopyStore } from "../../../src/edge/authority/copy-documents.ts";

/** Workers KV as bad as a test wants it. */
export interface FakeKv extends CopyStore {
  /** What is in it. */
  readonly held: Map<string, string>;
  /** What a reader gets in place of what is held; it may wait, fail or lie. */
  answer: (name: string, held: string | null) => Promise<string | null>;
  /** Called before a write; where it fails, nothing is written. */
  beforeWrite: (name: string) => Promise<void>;
  gets: number;
}

export const createFakeKv = (): FakeKv => {
  const kv: FakeKv = {
    held: new Map(),
    answer: async (_, held) => held,
    beforeWrite: async () => {},
    gets: 0,
    async get(name) {
      kv.gets += 1;
      return kv.answer(name, kv.held.get(name) ?? null);
    },
    async put(name, text) {
      await kv.beforeWrite(name);
      kv.held.set(name, text);
    },
    async delete(name) {
      await kv.beforeWrite(name);
      kv.held.delete(name);
    },
  };
  return kv;
};
