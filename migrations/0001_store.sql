-- The versioned store. Scope columns are never null: '' stands for "all".

-- One row: the revision counter, whose lock makes revision order commit order.
-- The low fillfactor keeps the updates of its one page heap-only.
create table fairlead.deployment (
  singleton boolean not null default true,
  epoch text not null default substr(replace(gen_random_uuid()::text, '-', ''), 1, 16),
  revision bigint not null default 0,
  committed_at timestamptz not null default clock_timestamp(),
  catalogue_version bigint not null default 0,
  constraint deployment_pk primary key (singleton),
  constraint deployment_is_single check (singleton),
  constraint deployment_epoch_is_hex check (epoch ~ '^[0-9a-f]{16}$'),
  constraint deployment_revision_not_negative check (revision >= 0)
) with (fillfactor = 10);

insert into fairlead.deployment default values;

create table fairlead.environments (
  name text collate "C" not null,
  rank integer not null,
  protected boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  constraint environments_pk primary key (name),
  constraint environments_name_is_legal check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$' and length(name) <= 64)
);

insert into fairlead.environments (name, rank, created_by) values
  ('development', 10, 'system'),
  ('staging', 20, 'system'),
  ('production', 30, 'system');

create table fairlead.apps (
  name text collate "C" not null,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  constraint apps_pk primary key (name),
  constraint apps_name_is_legal check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$' and length(name) <= 64)
);

create table fairlead.change_sets (
  revision bigint not null,
  committed_at timestamptz not null,
  actor_type text not null,
  actor_id text not null,
  message text not null,
  change_count integer not null,
  constraint change_sets_pk primary key (revision),
  constraint change_sets_revision_positive check (revision > 0),
  constraint change_sets_has_changes check (change_count > 0)
);

create index change_sets_committed_at on fairlead.change_sets (committed_at desc, revision desc);

-- The current state of each entry: a copy of its newest version, so that a reader reads one table. A
-- deleted entry stays as a tombstone, so that its version goes on.
create table fairlead.entries (
  id uuid not null,
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  key text collate "C" not null,
  version bigint not null,
  revision bigint not null,
  deleted boolean not null,
  value jsonb,
  schema jsonb,
  description text,
  merge text not null,
  constraint entries_pk primary key (app, environment, key, kind),
  -- A counted repetition, {0,255}, cost a tenth of a commit: its automaton has a state a count.
  constraint entries_key_is_legal check (key ~ '^[A-Za-z0-9][A-Za-z0-9._:-]*$' and length(key) <= 256),
  constraint entries_version_positive check (version > 0),
  constraint entries_value_unless_deleted check (deleted = (value is null)),
  constraint entries_merge_is_known check (merge in ('replace', 'deep'))
) with (fillfactor = 80);

-- Every owner of a key: what a change to a weaker layer can make effective.
create index entries_key on fairlead.entries (key, kind, app);
-- Not unique: a unique constraint would need the key, and the id is random.
create index entries_id on fairlead.entries (id);

-- Append-only. The primary key read backwards is "newest version first" of an entry.
create table fairlead.entry_versions (
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  key text collate "C" not null,
  version bigint not null,
  revision bigint not null,
  op text not null,
  value jsonb,
  schema jsonb,
  description text,
  merge text not null,
  constraint entry_versions_pk primary key (app, environment, key, kind, version),
  constraint entry_versions_version_positive check (version > 0),
  constraint entry_versions_op_is_known check (op in ('put', 'delete')),
  constraint entry_versions_value_unless_deleted check ((op = 'delete') = (value is null)),
  constraint entry_versions_merge_is_known check (merge in ('replace', 'deep'))
) partition by hash (key);

create table fairlead.entry_versions_0 partition of fairlead.entry_versions for values with (modulus 10, remainder 0);
create table fairlead.entry_versions_1 partition of fairlead.entry_versions for values with (modulus 10, remainder 1);
create table fairlead.entry_versions_2 partition of fairlead.entry_versions for values with (modulus 10, remainder 2);
create table fairlead.entry_versions_3 partition of fairlead.entry_versions for values with (modulus 10, remainder 3);
create table fairlead.entry_versions_4 partition of fairlead.entry_versions for values with (modulus 10, remainder 4);
create table fairlead.entry_versions_5 partition of fairlead.entry_versions for values with (modulus 10, remainder 5);
create table fairlead.entry_versions_6 partition of fairlead.entry_versions for values with (modulus 10, remainder 6);
create table fairlead.entry_versions_7 partition of fairlead.entry_versions for values with (modulus 10, remainder 7);
create table fairlead.entry_versions_8 partition of fairlead.entry_versions for values with (modulus 10, remainder 8);
create table fairlead.entry_versions_9 partition of fairlead.entry_versions for values with (modulus 10, remainder 9);

-- Revisions are commit order, so this is the index by time as well.
create index entry_versions_revision on fairlead.entry_versions (revision);

create function fairlead.refuse_history_change() returns trigger language plpgsql as $$
begin
  raise exception 'fairlead.entry_versions is append-only' using errcode = 'restrict_violation';
end
$$;

create trigger entry_versions_append_only before update or delete on fairlead.entry_versions
  for each row execute function fairlead.refuse_history_change();
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions
  for each statement execute function fairlead.refuse_history_change();
-- A partition can be truncated by itself, past the trigger of the whole.
do $$
begin
  for partition in 0..9 loop
    execute format(
      'create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_%s
        for each statement execute function fairlead.refuse_history_change()', partition);
  end loop;
end
$$;

-- Head and size of each layer, kept with every commit.
create table fairlead.layers (
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  head_revision bigint not null,
  entry_count integer not null,
  constraint layers_pk primary key (kind, app, environment),
  constraint layers_entry_count_not_negative check (entry_count >= 0)
) with (fillfactor = 50);

-- One row per revision: its changes and the events that it makes. They name versions, not values.
create table fairlead.outbox (
  revision bigint not null,
  committed_at timestamptz not null,
  changes json not null,
  events json not null,
  constraint outbox_pk primary key (revision)
);

create table fairlead.audit_log (
  id bigint generated always as identity,
  at timestamptz not null,
  actor_type text not null,
  actor_id text not null,
  authentication text not null,
  action text not null,
  revision bigint,
  request_id text,
  address text,
  user_agent text,
  detail json not null,
  constraint audit_log_pk primary key (id)
);

create index audit_log_at on fairlead.audit_log (at desc, id desc);

create table fairlead.idempotency_keys (
  actor text not null,
  route text not null,
  key text collate "C" not null,
  request_hash text not null,
  result json not null,
  created_at timestamptz not null,
  constraint idempotency_keys_pk primary key (actor, route, key)
);

create index idempotency_keys_created_at on fairlead.idempotency_keys (created_at);
