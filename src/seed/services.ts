import type { ChangeSet, Operation } from "../changes/change-set.ts";
import { commitChangeSet } from "../changes/commit-change-set.ts";
import { listChanges } from "../changes/list-changes.ts";
import { liveKeysOf } from "../changes/live-keys.ts";
import { rollBack } from "../changes/roll-back.ts";
import { flattenDocument } from "../configs/flatten-document.ts";
import { type Read } from "../configs/read-config.ts";
import { readDocument } from "../configs/read-document.ts";
import type { Ctx } from "../context.ts";
import { type FieldError, Problem } from "../errors.ts";
import { requireScope } from "../layers/require-scope.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import type { Tx } from "../platform/sql.ts";
import { problemInWordsOfConfig } from "./in-words-of-config.ts";

interface Service {
  readonly service: string;
  /** `''` for "all". */
  readonly environment: string;
}

export interface ServiceVersion {
  readonly service: string;
  readonly environment: string | null;
  /** A revision. */
  readonly version: number;
  readonly warnings?: readonly FieldError[];
}

export interface ServiceConfig extends ServiceVersion {
  readonly config: Readonly<Record<string, Json>>;
}

/** A service's effective configuration: its app's document. */
export const readService = async (
  ctx: Ctx,
  { environment, service }: Service,
): Promise<Read<ServiceConfig>> => {
  const { body, ...read } = await readDocument(ctx, { app: service, environment });
  const { revision: version, values: config } = body;
  return { ...read, body: { service, environment: toPublicScope(environment), version, config } };
};

interface WriteServiceInput extends Service {
  /** A map of keys; nested maps become dotted keys. */
  readonly config: Json;
  readonly replace: boolean;
  readonly message?: string | undefined;
  readonly allowLargeChange?: boolean | undefined;
}

/**
 * Merges a map of keys into a service's own layer, or replaces the layer by it.
 *
 * @throws Problem `INVALID_INPUT` for illegal or contradicting keys, and those of a commit
 */
export const writeService = async (
  ctx: Ctx,
  { allowLargeChange, config, environment, message = "", replace, service }: WriteServiceInput,
): Promise<{ readonly changed: boolean; readonly body: ServiceVersion }> => {
  const { entries, warnings } = flattenDocument(config);
  // Without operations nobody else would look at the environment.
  if (entries.size === 0) await requireScope(ctx, { app: "", environment });
  const scope = { kind: "config", app: service, environment };
  const puts = [...entries].map(
    ([key, { value }]): Operation => ({ op: "put", ...scope, key, value }),
  );
  const withDeletes = async (tx: Tx): Promise<ChangeSet> => {
    const keys = await liveKeysOf(tx, scope);
    // What cannot be seen is not there, so it is not replaced either.
    const seen = ctx.permissions.keys("entries.read", "config", service, environment);
    const deletes = keys.filter((key) => !entries.has(key) && seen.allows(key));
    const operations = [
      ...puts,
      ...deletes.map((key): Operation => ({ op: "delete", ...scope, key })),
    ];
    return { message, allowLargeChange, operations };
  };
  const committing = commitChangeSet(ctx, {
    action: replace ? "replace" : "change",
    changeSet: replace ? withDeletes : { message, allowLargeChange, operations: puts },
  });
  const { changes, revision } = await committing.catch((error: unknown) => {
    throw error instanceof Problem ? problemInWordsOfConfig(error, [...entries.keys()]) : error;
  });
  const body = { service, environment: toPublicScope(environment), version: revision ?? 0 };
  return {
    changed: changes.length > 0,
    body: warnings.length === 0 ? body : { ...body, warnings },
  };
};

export interface ServiceHistoryItem {
  readonly version: number;
  readonly updated_at: string;
  readonly updated_by: string;
  readonly change_log: string;
}

/** The revisions that changed a service's own layer, newest first. */
export const listServiceHistory = async (
  ctx: Ctx,
  { environment, service, ...page }: Service & { limit: number; cursor?: string | undefined },
): Promise<{ readonly items: readonly ServiceHistoryItem[]; readonly nextCursor?: string }> => {
  const filter = { kind: "config", app: service, environment, ...page };
  const { items, ...next } = await listChanges(ctx, filter);
  return {
    ...next,
    items: items.map((item) => ({
      version: item.revision,
      updated_at: item.committedAt,
      updated_by: item.actor.id,
      change_log: item.message,
    })),
  };
};

/** Brings a service's own layer back to a revision. */
export const rollBackService = async (
  ctx: Ctx,
  input: Service & { readonly version: number; readonly allowLargeChange?: boolean | undefined },
): Promise<{ readonly changed: boolean; readonly body: ServiceVersion }> => {
  const { allowLargeChange, environment, service, version } = input;
  await requireScope(ctx, { app: service, environment });
  const { changes, revision } = await rollBack(ctx, {
    toRevision: version,
    scope: { app: service, environment },
    allowLargeChange,
  });
  return {
    changed: changes.length > 0,
    body: { service, environment: toPublicScope(environment), version: revision ?? 0 },
  };
};
