import type { DeleteOperation, Precondition, PutOperation } from "../changes/change-set.ts";
import { commitChangeSet } from "../changes/commit-change-set.ts";
import { entryAtVersion } from "../changes/entry-at-version.ts";
import { type FoundEntry, getEntry } from "../changes/get-entry.ts";
import type { Entry } from "../changes/list-entries.ts";
import { listEntries } from "../changes/list-entries.ts";
import type { EntryName } from "../changes/state.ts";
import { readDocument } from "../configs/read-document.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import { entityTag, type TagCondition } from "../platform/entity-tag.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import type { PageInput } from "../platform/page.ts";

/** An entry as the seed routes spell it. */
interface SeedEntry {
  readonly id: string;
  readonly app_id: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly value: Json;
  readonly version: number;
  readonly updated_at: string;
  readonly updated_by: string;
}

export interface TaggedEntry {
  /** The deployment's revision that shows it. */
  readonly revision: number;
  readonly tag: string;
  readonly body: SeedEntry;
}

interface WriteOptions {
  readonly message?: string | undefined;
  readonly allowLargeChange?: boolean | undefined;
}

interface Conditions {
  readonly ifMatch?: TagCondition | undefined;
  readonly ifNoneMatch?: TagCondition | undefined;
}

const toSeedEntry = (entry: Entry): SeedEntry => ({
  id: entry.id,
  app_id: entry.app,
  environment: entry.environment,
  key: entry.key,
  value: entry.value,
  version: entry.version,
  updated_at: entry.updatedAt,
  updated_by: entry.updatedBy,
});

const tagged = (epoch: string, entry: Entry, revision: number): TaggedEntry => ({
  revision,
  tag: entityTag(epoch, [entry]),
  body: toSeedEntry(entry),
});

/**
 * Raw config entries of every layer, or of those of an app or environment.
 *
 * @throws Problem `NOT_FOUND` for an unknown app or environment
 */
export const listSeedEntries = async (
  ctx: Ctx,
  filter: PageInput & {
    readonly app?: string | undefined;
    readonly environment?: string | undefined;
  },
) => {
  const { app = "", environment = "" } = filter;
  await requireScope(ctx, { app, environment });
  const { items, ...next } = await listEntries(ctx, { kind: "config", ...filter });
  return { ...next, items: items.map(toSeedEntry) };
};

/** @throws Problem `NOT_FOUND` */
export const getSeedEntry = async (ctx: Ctx, id: string): Promise<TaggedEntry> => {
  const { entry, epoch, revision } = await getConfigEntry(ctx, id);
  return tagged(epoch, entry, revision);
};

/** @throws Problem `CONFLICT` where the entry exists, and those of a commit */
export const createSeedEntry = async (
  ctx: Ctx,
  { allowLargeChange, message, ...name }: Omit<EntryName, "kind"> & { value: Json } & WriteOptions,
): Promise<TaggedEntry> => {
  const operation = { op: "put", kind: "config", ...name, expectedVersion: 0 } as const;
  const written = await putEntry(ctx, operation, { allowLargeChange, message });
  if (written !== undefined) return written;
  throw new Error("an entry that must not exist was put and nothing changed");
};

/** @throws Problem `NOT_FOUND`, `PRECONDITION_FAILED`, and those of a commit */
export const updateSeedEntry = async (
  ctx: Ctx,
  input: WriteOptions & Conditions & { id: string; value: Json },
): Promise<TaggedEntry> => {
  const { name } = await getConfigEntry(ctx, input.id);
  const operation: PutOperation = {
    op: "put",
    ...name,
    value: input.value,
    precondition: stillThere(input),
  };
  const written = await putEntry(ctx, operation, input);
  return written ?? getSeedEntry(ctx, input.id);
};

/**
 * Deletes an entry and tells the revision that no longer has it.
 *
 * @throws Problem `NOT_FOUND`, `PRECONDITION_FAILED`, and those of a commit
 */
export const deleteSeedEntry = async (
  ctx: Ctx,
  input: WriteOptions & Conditions & { id: string },
): Promise<number> => {
  const { name } = await getConfigEntry(ctx, input.id);
  const { allowLargeChange, message = "" } = input;
  const operation: DeleteOperation = {
    op: "delete",
    ...name,
    precondition: stillThere(input),
  };
  const changeSet = { message, allowLargeChange, operations: [operation] };
  const { revision } = await commitChangeSet(ctx, { changeSet });
  return revision ?? 0;
};

/** Without an `If-Match` of its own, a write by id still needs the entry to be there. */
const stillThere = ({ ifMatch = "*", ifNoneMatch }: Conditions): Precondition => ({
  of: "entry",
  ifMatch,
  ifNoneMatch,
});

const getConfigEntry = async (ctx: Ctx, id: string): Promise<FoundEntry> => {
  const found = await getEntry(ctx, id);
  if (found.name.kind === "config") return found;
  throw new Problem("NOT_FOUND", `There is no entry with the id "${id}".`);
};

/** The entry as the put made it; undefined where it changed nothing. */
const putEntry = async (
  ctx: Ctx,
  operation: PutOperation,
  { allowLargeChange, message = "" }: WriteOptions,
): Promise<TaggedEntry | undefined> => {
  const changeSet = { message, allowLargeChange, operations: [operation] };
  const { changes, revision } = await commitChangeSet(ctx, { changeSet });
  const [change] = changes;
  if (change === undefined) return undefined;
  const { entry, epoch } = await entryAtVersion(ctx, operation, change.version);
  return tagged(epoch, entry, revision ?? entry.revision);
};

/** The effective values of an app in an environment; keys that do not exist are left out. */
export const fetchConfigs = async (
  ctx: Ctx,
  input: { app: string; environment: string; keys?: readonly string[] | undefined },
) => {
  const { body, revision, staleMs } = await readDocument(ctx, input);
  const { app, environment, keys } = input;
  const wanted = keys === undefined ? undefined : new Set(keys);
  const configs: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [key, value] of Object.entries(body.values)) {
    if (wanted?.has(key) ?? true) configs[key] = value;
  }
  return {
    revision,
    staleMs,
    body: {
      app_id: toPublicScope(app),
      environment: toPublicScope(environment),
      version: body.revision,
      configs,
    },
  };
};
