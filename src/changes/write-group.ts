import type { Identity, RequestInfo } from "../context.ts";
import type { OutboxRow } from "../outbox/outbox-row.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import type { CommitResult } from "./change-set.ts";
import {
  newestLayers,
  newestTargets,
  toAppRows,
  toAuditRow,
  toChangeSetRow,
  toIdempotencyRows,
  toVersionRows,
} from "./group-rows.ts";
import type { NamedTargets } from "./references.ts";
import type { EntryState, LayerState, State } from "./state.ts";

/** One accepted change set of a group. Without entries it only leaves its idempotency record. */
export interface AcceptedChangeSet extends Pick<Identity, "actor" | "authentication"> {
  readonly request: RequestInfo;
  readonly message: string;
  readonly action: string;
  readonly result: CommitResult;
  readonly entries: readonly EntryState[];
  readonly layers: readonly LayerState[];
  readonly createdApps: readonly string[];
  readonly named: readonly NamedTargets[];
  readonly outbox: OutboxRow | undefined;
}

interface GroupWrite {
  readonly accepted: readonly AcceptedChangeSet[];
  /** As the last accepted change set leaves it. */
  readonly state: Pick<State, "revision" | "catalogue">;
  /** As the group was judged against. */
  readonly expected: { readonly revision: number; readonly catalogueVersion: number };
  readonly now: string;
}

/**
 * Writes a group in one statement: the counter, history, current state, layer heads, change sets,
 * audit, outbox and idempotency records; then wakes listeners. All of it becomes visible together, or
 * nothing is written and the answer is false: the counter is not where it was expected. Rows come as
 * JSON records, and what is seldom needed is left out, since starting a part costs as much as a row.
 */
export const writeGroup = async (sql: Sql | Tx, group: GroupWrite): Promise<boolean> => {
  const { accepted, expected, now, state } = group;
  const committed = accepted.filter(({ entries }) => entries.length > 0);
  const apps = committed.flatMap(toAppRows);
  const records = accepted.flatMap(toIdempotencyRows);
  const named = newestTargets(committed);
  const rows = await sql`
    with counter as (
      update fairlead.deployment
      set revision = ${state.revision}, catalogue_version = ${state.catalogue.version},
        committed_at = ${now}::timestamptz
      where revision = ${expected.revision} and catalogue_version = ${expected.catalogueVersion}
      returning true as moved
    ),
    change_set as (${insertChangeSets(sql, committed, now)}),
    version_row as materialized (${versionRecords(sql, committed)}),
    version as (${insertVersions(sql)}),
    entry as (${upsertEntries(sql)}),
    layer as (${upsertLayers(sql, committed)}),
    audit as (${insertAuditRows(sql, committed, now)}),
    event as (${insertOutboxRows(sql, committed, now)})
    ${named.length === 0 ? sql`` : sql`, ${replaceReferences(sql, named)}`}
    ${apps.length === 0 ? sql`` : sql`, app as (${insertApps(sql, apps, now)})`}
    ${records.length === 0 ? sql`` : sql`, record as (${upsertIdempotencyKeys(sql, records, now)})`}
    select pg_notify('fairlead_revision', ${String(state.revision)}) from counter`;
  return rows.length > 0;
};

const insertChangeSets = (
  sql: Sql | Tx,
  committed: readonly AcceptedChangeSet[],
  now: string,
) => sql`
  insert into fairlead.change_sets
    (revision, committed_at, actor_type, actor_id, message, change_count)
  select revision, ${now}::timestamptz, actor_type, actor_id, message, change_count
  from json_to_recordset(${JSON.stringify(committed.map(toChangeSetRow))}::text::json) as row(
    revision bigint, actor_type text, actor_id text, message text, change_count integer
  ) cross join counter`;

const versionRecords = (sql: Sql | Tx, committed: readonly AcceptedChangeSet[]) => sql`
  select
    id, kind, app, environment, key, version, revision, deleted, newest, schema, description,
    merge,
    -- A record's JSON null arrives as SQL null, but null is a value here.
    case when deleted then null else coalesce(value, 'null'::jsonb) end as value
  from json_to_recordset(${JSON.stringify(toVersionRows(committed))}::text::json) as row(
    id uuid, kind text, app text, environment text, key text, version bigint, revision bigint,
    deleted boolean, newest boolean, value jsonb, schema jsonb, description text, merge text
  ) cross join counter`;

const insertVersions = (sql: Sql | Tx) => sql`
  insert into fairlead.entry_versions
    (kind, app, environment, key, version, revision, op, value, schema, description, merge)
  select
    kind, app, environment, key, version, revision,
    case when deleted then 'delete' else 'put' end, value, schema, description, merge
  from version_row`;

const upsertEntries = (sql: Sql | Tx) => sql`
  insert into fairlead.entries
    (id, kind, app, environment, key, version, revision, deleted, value, schema, description, merge)
  select
    id, kind, app, environment, key, version, revision, deleted, value, schema, description, merge
  from version_row
  where newest
  on conflict on constraint entries_pk do update set
    version = excluded.version, revision = excluded.revision, deleted = excluded.deleted,
    value = excluded.value, schema = excluded.schema, description = excluded.description,
    merge = excluded.merge`;

const upsertLayers = (sql: Sql | Tx, committed: readonly AcceptedChangeSet[]) => sql`
  insert into fairlead.layers (kind, app, environment, head_revision, entry_count)
  select kind, app, environment, "headRevision", "entryCount"
  from json_to_recordset(${JSON.stringify(newestLayers(committed))}::text::json) as row(
    kind text, app text, environment text, "headRevision" bigint, "entryCount" integer
  ) cross join counter
  on conflict on constraint layers_pk do update set
    head_revision = excluded.head_revision, entry_count = excluded.entry_count`;

/** What stays is left alone: a row cannot be deleted and inserted in one statement. */
const replaceReferences = (sql: Sql | Tx, named: readonly NamedTargets[]) => {
  const rows = named.flatMap(({ key, kind, targets }) =>
    targets.map((target) => ({ kind, key, target_kind: target.kind, target_key: target.key })),
  );
  const names = named.map(({ key, kind }) => ({ kind, key }));
  return sql`
    reference_row as materialized (
      select kind, key, target_kind, target_key
      from json_to_recordset(${JSON.stringify(rows)}::text::json)
        as row(kind text, key text, target_kind text, target_key text) cross join counter
    ),
    reference_gone as (
      delete from fairlead.entry_references r
      using json_to_recordset(${JSON.stringify(names)}::text::json) as name(kind text, key text),
        counter
      where r.kind = name.kind and r.key = name.key and not exists (
        select from reference_row n
        where n.kind = r.kind and n.key = r.key
          and n.target_kind = r.target_kind and n.target_key = r.target_key
      )
    ),
    reference as (
      insert into fairlead.entry_references (kind, key, target_kind, target_key)
      select kind, key, target_kind, target_key from reference_row
      on conflict on constraint entry_references_pk do nothing
    )`;
};

const insertApps = (sql: Sql | Tx, apps: readonly object[], now: string) => sql`
  insert into fairlead.apps (name, created_at, created_by)
  select name, ${now}::timestamptz, created_by
  from json_to_recordset(${JSON.stringify(apps)}::text::json)
    as row(name text, created_by text) cross join counter
  on conflict on constraint apps_pk do nothing`;

const insertAuditRows = (
  sql: Sql | Tx,
  committed: readonly AcceptedChangeSet[],
  now: string,
) => sql`
  insert into fairlead.audit_log
    (at, actor_type, actor_id, authentication, action, revision, request_id, address, user_agent,
     detail)
  select
    ${now}::timestamptz, actor_type, actor_id, authentication, action, revision, request_id,
    address, user_agent, detail
  from json_to_recordset(${JSON.stringify(committed.map(toAuditRow))}::text::json) as row(
    actor_type text, actor_id text, authentication text, action text, revision bigint,
    request_id text, address text, user_agent text, detail json
  ) cross join counter`;

const insertOutboxRows = (
  sql: Sql | Tx,
  committed: readonly AcceptedChangeSet[],
  now: string,
) => sql`
  insert into fairlead.outbox (revision, committed_at, changes, events)
  select revision, ${now}::timestamptz, changes, events
  from json_to_recordset(${JSON.stringify(committed.map(({ outbox }) => outbox))}::text::json)
    as row(revision bigint, changes json, events json) cross join counter`;

/** Only a record past its 24 hours can be in the way of a new one. */
const upsertIdempotencyKeys = (sql: Sql | Tx, records: readonly object[], now: string) => sql`
  insert into fairlead.idempotency_keys (actor, route, key, request_hash, result, created_at)
  select actor, route, key, request_hash, result, ${now}::timestamptz
  from json_to_recordset(${JSON.stringify(records)}::text::json)
    as row(actor text, route text, key text, request_hash text, result json)
  cross join counter
  on conflict on constraint idempotency_keys_pk do update set
    request_hash = excluded.request_hash, result = excluded.result,
    created_at = excluded.created_at`;
