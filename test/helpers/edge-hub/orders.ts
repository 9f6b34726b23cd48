import type { AccessChanges, StoredKey } from "../../../src/access/store/read-access.ts";
import type { CommittedEntry } from "../../../src/layers/memory/memory-layer.ts";

/** What a test tells the head authority of its edge to do. */
export interface AuthorityOrders {
  /** Begins another history, with these names and nothing else. */
  begin(epoch: string, apps: readonly string[], environments: readonly string[]): void;
  /** Commits revisions, one for each of these sets of entries; answers the newest. */
  commit(sets: readonly (readonly CommittedEntry[])[]): number;
  /** Keeps no more of the log than this many revisions. */
  forget(kept: number): void;
  setKeys(keys: readonly StoredKey[], roles: NonNullable<AccessChanges["roles"]>): void;
  /** While it is deaf, no hub is woken. */
  setDeaf(isDeaf: boolean): void;
  /** How many hubs have joined, and how often somebody asked what was committed. */
  figures(): { readonly hubs: number; readonly asked: number };
}

/** What a test does to a hub. */
export interface HubOrders {
  /** Ends it at once, as a crash would. */
  kill(): void;
  figures(): { readonly streams: number; readonly dropped: number };
  /** How often each hub has come to life in this process, by its name. */
  lives(): Readonly<Record<string, number>>;
}
