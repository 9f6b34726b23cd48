import type { PendingQuery, Row } from "postgres";
import type { Actor, RequestInfo } from "../context.ts";
import type { OutboxRow } from "../outbox/outbox-row.ts";
import type { Tx } from "../platform/sql.ts";
import type { CommitResult } from "./change-set.ts";
import {
  newestLayers,
  toAppRows,
  toAuditRow,
  toChangeSetRow,
  toIdempotencyRows,
  toVersionRows,
} from "./group-rows.ts";
import type { EntryState, LayerState, State } from "./state.ts";

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
  /** As the last accepted change set leaves it. */
  readonly state: Pick<State, "revision" | "catalogue">;
  readonly now: string;
}

/**
 * The one statement that writes a group: history, current state, layer heads, change sets, audit, outbox,
 * idempotency records and the counter; then wakes listeners. All of it becomes visible together with
 * the counter, or not at all. Rows come as JSON records, so the statement's text never varies.
 * It is returned unsent, for the transaction to send it together with its commit.
 */
export const writeGroup = (tx: Tx, { accepted, now, state }: GroupWrite): PendingQuery<Row[]> => {
  const committed = accepted.filter(({ entries }) => entries.length > 0);
  const { catalogue, revision } = state;
  return tx`
    with change_set as (${insertChangeSets(tx, committed, now)}),
    version_row as materialized (${versionRecords(tx, committed)}),
    version as (${insertVersions(tx)}),
    entry as (${upsertEntries(tx, now)}),
    layer as (${upsertLayers(tx, committed)}),
    app as (${insertApps(tx, committed, now)}),
    audit as (${insertAuditRows(tx, committed, now)}),
    event as (${insertOutboxRows(tx, committed, now)}),
    idempotency as (${upsertIdempotencyKeys(tx, accepted, now)}),
    counter as (
      update fairlead.deployment
      set revision = ${revision}, catalogue_version = ${catalogue.version},
        committed_at = ${now}::timestamptz
    )
    select pg_notify('fairlead_revision', ${String(revision)})`;
};

const insertChangeSets = (tx: Tx, committed: readonly AcceptedChangeSet[], now: string) => tx`
  insert into fairlead.change_sets
    (revision, committed_at, actor_type, actor_id, message, change_count)
  select revision, ${now}::timestamptz, actor_type, actor_id, message, change_count
  from json_to_recordset(${JSON.stringify(committed.map(toChangeSetRow))}::text::json) as row(
    revision bigint, actor_type text, actor_id text, message text, change_count integer
  )`;

const versionRecords = (tx: Tx, committed: readonly AcceptedChangeSet[]) => tx`
  select
    id, kind, app, environment, key, version, revision, deleted, newest, schema, description,
    merge, actor_id,
    -- A record's JSON null arrives as SQL null, but null is a value here.
    case when deleted then null else coalesce(value, 'null'::jsonb) end as value
  from json_to_recordset(${JSON.stringify(toVersionRows(committed))}::text::json) as row(
    id uuid, kind text, app text, environment text, key text, version bigint, revision bigint,
    deleted boolean, newest boolean, value jsonb, schema jsonb, description text, merge text,
    actor_id text
  )`;

const insertVersions = (tx: Tx) => tx`
  insert into fairlead.entry_versions
    (kind, app, environment, key, version, revision, op, value, schema, description, merge)
  select
    kind, app, environment, key, version, revision,
    case when deleted then 'delete' else 'put' end, value, schema, description, merge
  from version_row`;

const upsertEntries = (tx: Tx, now: string) => tx`
  insert into fairlead.entries
    (id, kind, app, environment, key, version, revision, deleted, value, schema, description,
     merge, updated_at, updated_by)
  select
    id, kind, app, environment, key, version, revision, deleted, value, schema, description,
    merge, ${now}::timestamptz, actor_id
  from version_row
  where newest
  on conflict on constraint entries_pk do update set
    version = excluded.version, revision = excluded.revision, deleted = excluded.deleted,
    value = excluded.value, schema = excluded.schema, description = excluded.description,
    merge = excluded.merge, updated_at = excluded.updated_at, updated_by = excluded.updated_by`;

const upsertLayers = (tx: Tx, committed: readonly AcceptedChangeSet[]) => tx`
  insert into fairlead.layers (kind, app, environment, head_revision, entry_count)
  select kind, app, environment, "headRevision", "entryCount"
  from json_to_recordset(${JSON.stringify(newestLayers(committed))}::text::json) as row(
    kind text, app text, environment text, "headRevision" bigint, "entryCount" integer
  )
  on conflict on constraint layers_pk do update set
    head_revision = excluded.head_revision, entry_count = excluded.entry_count`;

const insertApps = (tx: Tx, committed: readonly AcceptedChangeSet[], now: string) => tx`
  insert into fairlead.apps (name, created_at, created_by)
  select name, ${now}::timestamptz, created_by
  from json_to_recordset(${JSON.stringify(committed.flatMap(toAppRows))}::text::json)
    as row(name text, created_by text)
  on conflict on constraint apps_pk do nothing`;

const insertAuditRows = (tx: Tx, committed: readonly AcceptedChangeSet[], now: string) => tx`
  insert into fairlead.audit_log
    (at, actor_type, actor_id, authentication, action, revision, request_id, address, user_agent,
     detail)
  select
    ${now}::timestamptz, actor_type, actor_id, authentication, action, revision, request_id,
    address, user_agent, detail
  from json_to_recordset(${JSON.stringify(committed.map(toAuditRow))}::text::json) as row(
    actor_type text, actor_id text, authentication text, action text, revision bigint,
    request_id text, address text, user_agent text, detail json
  )`;

const insertOutboxRows = (tx: Tx, committed: readonly AcceptedChangeSet[], now: string) => tx`
  insert into fairlead.outbox (revision, committed_at, changes, events)
  select revision, ${now}::timestamptz, changes, events
  from json_to_recordset(${JSON.stringify(committed.map(({ outbox }) => outbox))}::text::json)
    as row(revision bigint, changes json, events json)`;

/** Only a record past its 24 hours can be in the way of a new one. */
const upsertIdempotencyKeys = (tx: Tx, accepted: readonly AcceptedChangeSet[], now: string) => tx`
  insert into fairlead.idempotency_keys (actor, route, key, request_hash, result, created_at)
  select actor, route, key, request_hash, result, ${now}::timestamptz
  from json_to_recordset(${JSON.stringify(accepted.flatMap(toIdempotencyRows))}::text::json)
    as row(actor text, route text, key text, request_hash text, result json)
  on conflict on constraint idempotency_keys_pk do update set
    request_hash = excluded.request_hash, result = excluded.result,
    created_at = excluded.created_at`;
