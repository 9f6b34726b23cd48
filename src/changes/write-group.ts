import type { Actor, RequestInfo } from "../context.ts";
import type { Tx } from "../platform/sql.ts";
import type { OutboxRow } from "../outbox/outbox-row.ts";
import type { CommitResult } from "./change-set.ts";
import { type EntryState, entryId, type LayerState } from "./state.ts";

/** One accepted change set of a group. Without entries it only leaves its idempotency record. */
export interface AcceptedChangeSet {
  readonly actor: Actor;
  readonly request: RequestInfo;
  readonly message: string;
  readonly action: string;
  readonly result: CommitResult;
  readonly entries: readonly EntryState[];
  readonly layers: readonly LayerState[];
  readonly createdApps: readonly string[];
  readonly outbox: OutboxRow | undefined;
}

interface GroupWrite {
  readonly accepted: readonly AcceptedChangeSet[];
  readonly revision: number;
  readonly catalogueVersion: number;
  readonly now: string;
}

/**
 * Writes a group in one statement: history, current state, layer heads, change sets, audit, outbox,
 * idempotency records and the counter; then wakes listeners. Effective values, entries and events of
 * all members become visible together with the counter, or not at all.
 */
export const writeGroup = async (tx: Tx, group: GroupWrite): Promise<void> => {
  const { accepted, revision, catalogueVersion, now } = group;
  const committed = accepted.filter(({ entries }) => entries.length > 0);
  await tx`
    with change_set as (
      insert into fairlead.change_sets
        (revision, committed_at, actor_type, actor_id, message, change_count)
      select revision, ${now}::timestamptz, actor_type, actor_id, message, change_count
      from json_to_recordset(${JSON.stringify(committed.map(toChangeSetRow))}::text::json) as row(
        revision bigint, actor_type text, actor_id text, message text, change_count integer
      )
    ), version_row as materialized (
      select *
      from json_to_recordset(${JSON.stringify(toVersionRows(committed))}::text::json) as row(
        id uuid, kind text, app text, environment text, key text, version bigint, revision bigint,
        deleted boolean, newest boolean, value jsonb, schema jsonb, description text, merge text,
        actor_id text
      )
    ), version as (
      insert into fairlead.entry_versions
        (kind, app, environment, key, version, revision, op, value, schema, description, merge)
      select
        kind, app, environment, key, version, revision,
        case when deleted then 'delete' else 'put' end,
        case when deleted then null else coalesce(value, 'null'::jsonb) end, schema, description, merge
      from version_row
    ), entry as (
      insert into fairlead.entries
        (id, kind, app, environment, key, version, revision, deleted, value, schema, description,
         merge, updated_at, updated_by)
      select
        id, kind, app, environment, key, version, revision, deleted,
        case when deleted then null else coalesce(value, 'null'::jsonb) end, schema, description, merge, ${now}::timestamptz, actor_id
      from version_row
      where newest
      on conflict on constraint entries_pk do update set
        version = excluded.version, revision = excluded.revision, deleted = excluded.deleted,
        value = excluded.value, schema = excluded.schema, description = excluded.description,
        merge = excluded.merge, updated_at = excluded.updated_at, updated_by = excluded.updated_by
    ), layer as (
      insert into fairlead.layers (kind, app, environment, head_revision, entry_count)
      select kind, app, environment, "headRevision", "entryCount"
      from json_to_recordset(${JSON.stringify(newestLayers(committed))}::text::json) as row(
        kind text, app text, environment text, "headRevision" bigint, "entryCount" integer
      )
      on conflict on constraint layers_pk do update set
        head_revision = excluded.head_revision, entry_count = excluded.entry_count
    ), app as (
      insert into fairlead.apps (name, created_at, created_by)
      select name, ${now}::timestamptz, created_by
      from json_to_recordset(${JSON.stringify(committed.flatMap(toAppRows))}::text::json)
        as row(name text, created_by text)
      on conflict on constraint apps_pk do nothing
    ), audit as (
      insert into fairlead.audit_log
        (at, actor_type, actor_id, authentication, action, revision, request_id, address,
         user_agent, detail)
      select
        ${now}::timestamptz, actor_type, actor_id, authentication, action, revision, request_id, address,
        user_agent, detail
      from json_to_recordset(${JSON.stringify(committed.map(toAuditRow))}::text::json) as row(
        actor_type text, actor_id text, authentication text, action text, revision bigint,
        request_id text, address text, user_agent text, detail json
      )
    ), event as (
      insert into fairlead.outbox (revision, committed_at, changes, events)
      select revision, ${now}::timestamptz, changes, events
      from json_to_recordset(
        ${JSON.stringify(committed.map(({ outbox }) => outbox))}::text::json
      ) as row(revision bigint, changes json, events json)
    ), idempotency as (
      insert into fairlead.idempotency_keys (actor, route, key, request_hash, result, created_at)
      select actor, route, key, request_hash, result, ${now}::timestamptz
      from json_to_recordset(${JSON.stringify(accepted.flatMap(toIdempotencyRows))}::text::json)
        as row(actor text, route text, key text, request_hash text, result json)
      -- Only a record past its 24 hours can be in the way.
      on conflict on constraint idempotency_keys_pk do update set
        request_hash = excluded.request_hash, result = excluded.result,
        created_at = excluded.created_at
    ), counter as (
      update fairlead.deployment
      set revision = ${revision}, catalogue_version = ${catalogueVersion}, committed_at = ${now}::timestamptz
    )
    select pg_notify('fairlead_revision', ${String(revision)})`;
};

const toChangeSetRow = ({ actor, message, result }: AcceptedChangeSet) => ({
  revision: result.revision,
  actor_type: actor.type,
  actor_id: actor.id,
  message,
  change_count: result.changes.length,
});

/** Every version; the last one of an entry is marked, since it becomes the current state. */
const toVersionRows = (committed: readonly AcceptedChangeSet[]) => {
  const newest = new Map<string, EntryState>();
  for (const { entries } of committed) {
    for (const entry of entries) newest.set(entryId(entry), entry);
  }
  return committed.flatMap(({ actor, entries }) =>
    entries.map((entry) => ({
      ...entry,
      newest: newest.get(entryId(entry)) === entry,
      actor_id: actor.id,
    })),
  );
};

const newestLayers = (committed: readonly AcceptedChangeSet[]): LayerState[] => {
  const newest = new Map<string, LayerState>();
  for (const { layers } of committed) {
    for (const layer of layers) {
      newest.set(`${layer.kind}/${layer.app}/${layer.environment}`, layer);
    }
  }
  return [...newest.values()];
};

const toAppRows = ({ actor, createdApps }: AcceptedChangeSet) =>
  createdApps.map((name) => ({ name, created_by: actor.id }));

/** What changed, before and after, is in the history by revision: an audit row copies nothing. */
const toAuditRow = ({ action, actor, message, request, result }: AcceptedChangeSet) => ({
  actor_type: actor.type,
  actor_id: actor.id,
  authentication: actor.type,
  action,
  revision: result.revision,
  request_id: request.id,
  address: request.address,
  user_agent: request.userAgent,
  detail: { message },
});

const toIdempotencyRows = ({ actor, request, result }: AcceptedChangeSet) =>
  request.idempotency === undefined
    ? []
    : [
        {
          actor: actor.id,
          route: request.idempotency.route,
          key: request.idempotency.key,
          request_hash: request.idempotency.requestHash,
          result,
        },
      ];
