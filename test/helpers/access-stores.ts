import { type AccessStore, createAccessStore } from "../../src/access/store/access-store.ts";
import type { Identity } from "../../src/context.ts";
import type { Sql } from "../../src/platform/sql.ts";

export const bootstrapKey = "the-key-of-the-administrator";

/** How old what is known may be, in every store that a test starts. */
export const stalenessMs = 60_000;

interface StoreOptions {
  readonly bootstrapKey?: string;
  readonly confirmAfterMs?: number;
  /** The clock, where the test moves it. */
  readonly nowMs?: () => number;
}

/** A process of its own that has just learned all there is. */
export const startStore = async (sql: Sql, options: StoreOptions = {}): Promise<AccessStore> => {
  const store = createAccessStore({
    bootstrapKey,
    stalenessMs,
    confirmAfterMs: stalenessMs,
    ...options,
  });
  await store.syncOnce(sql);
  return store;
};

/** `identify` may answer at once, and may throw at once. */
export const identify = async (
  store: AccessStore,
  sql: Sql,
  presented: string | undefined,
): Promise<Identity> => store.identify(sql, presented);

/** Counts the statements that are sent. */
export const counted = (from: Sql): { sql: Sql; count: () => number } => {
  let count = 0;
  const counting = new Proxy(from, {
    apply(target, self, parameters) {
      count += 1;
      return Reflect.apply(target, self, parameters) as unknown;
    },
  });
  return { sql: counting, count: () => count };
};

/** Reads at once, but gives what it has read only when it is released. */
export const held = (from: Sql): { sql: Sql; read: Promise<void>; release: () => void } => {
  const read = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = new Proxy(from, {
    async apply(target, self, parameters) {
      const rows = (await Reflect.apply(target, self, parameters)) as unknown;
      read.resolve();
      await released.promise;
      return rows;
    },
  });
  return { sql: holding, read: read.promise, release: released.resolve };
};

/** What a key that does not count is answered. */
export const unauthenticated = { code: "UNAUTHENTICATED", status: 401 };
