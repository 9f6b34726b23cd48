-- The schema that the migrations make, written by `npm run schema:dump` from a fresh database.
-- Review its changes; edit the migrations instead. Rows that migrations insert are not in it.

create schema fairlead;

create function fairlead.refuse_history_change()
 returns trigger
 language plpgsql
as $function$
begin
  raise exception 'fairlead.entry_versions is append-only' using errcode = 'restrict_violation';
end
$function$;

create table fairlead.access_state (
  singleton boolean not null default true,
  version bigint not null default 0,
  constraint access_state_pk primary key (singleton),
  constraint access_state_is_single check (singleton)
);

create table fairlead.api_keys (
  id text collate "C" not null,
  name text not null,
  secret_hash bytea,
  grants json not null,
  default_app text not null,
  default_environment text not null,
  created_at timestamp with time zone not null,
  created_by text not null,
  expires_at timestamp with time zone,
  last_used_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_by text,
  access_version bigint not null,
  constraint api_keys_pk primary key (id),
  constraint api_keys_has_hash check (secret_hash is not null or id = 'bootstrap-admin'::text),
  constraint api_keys_hash_is_sha256 check (octet_length(secret_hash) = 32),
  constraint api_keys_revoked_by_somebody check ((revoked_at is null) = (revoked_by is null))
);
create index api_keys_access_version on fairlead.api_keys (access_version);

create table fairlead.apps (
  name text collate "C" not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  created_by text not null,
  constraint apps_pk primary key (name),
  constraint apps_name_is_legal check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'::text and length(name) <= 64)
);

create table fairlead.audit_log (
  id bigint not null generated always as identity,
  at timestamp with time zone not null,
  actor_type text not null,
  actor_id text not null,
  authentication text not null,
  action text not null,
  revision bigint,
  request_id text,
  address text,
  user_agent text,
  detail json not null,
  count bigint not null default 1,
  refusal text,
  constraint audit_log_pk primary key (id),
  constraint audit_log_count_positive check (count > 0)
);
create index audit_log_action on fairlead.audit_log (action, id desc);
create index audit_log_actor on fairlead.audit_log (actor_id, id desc);
create index audit_log_at on fairlead.audit_log (at desc, id desc);
create unique index audit_log_refusal on fairlead.audit_log (refusal) where refusal is not null;

create table fairlead.change_sets (
  revision bigint not null,
  committed_at timestamp with time zone not null,
  actor_type text not null,
  actor_id text not null,
  message text not null,
  change_count integer not null,
  constraint change_sets_pk primary key (revision),
  constraint change_sets_has_changes check (change_count > 0),
  constraint change_sets_revision_positive check (revision > 0)
);
create index change_sets_committed_at on fairlead.change_sets (committed_at desc, revision desc);

create table fairlead.consumers (
  name text collate "C" not null,
  kind text not null,
  epoch text not null,
  revision bigint not null,
  updated_at timestamp with time zone not null,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone,
  last_error text,
  last_error_at timestamp with time zone,
  fence bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamp with time zone,
  constraint consumers_pk primary key (name),
  constraint consumers_attempts_not_negative check (attempts >= 0),
  constraint consumers_epoch_is_hex check (epoch ~ '^[0-9a-f]{16}$'::text),
  constraint consumers_error_has_a_time check ((last_error is null) = (last_error_at is null)),
  constraint consumers_fence_not_negative check (fence >= 0),
  constraint consumers_kind_is_known check (kind = any (array['state'::text, 'event'::text])),
  constraint consumers_lease_is_whole check ((lease_holder is null) = (lease_expires_at is null)),
  constraint consumers_name_is_legal check (name ~ '^[a-z][a-z0-9-]*$'::text and length(name) <= 64),
  constraint consumers_revision_not_negative check (revision >= 0),
  constraint consumers_waits_after_an_attempt check (next_attempt_at is null or attempts > 0)
) with (fillfactor = 10);

create table fairlead.deployment (
  singleton boolean not null default true,
  epoch text not null default substr(replace(gen_random_uuid()::text, '-'::text, ''::text), 1, 16),
  revision bigint not null default 0,
  committed_at timestamp with time zone not null default clock_timestamp(),
  catalogue_version bigint not null default 0,
  constraint deployment_pk primary key (singleton),
  constraint deployment_epoch_is_hex check (epoch ~ '^[0-9a-f]{16}$'::text),
  constraint deployment_is_single check (singleton),
  constraint deployment_revision_not_negative check (revision >= 0)
) with (fillfactor = 10);

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
  constraint entries_key_is_legal check (key ~ '^[A-Za-z0-9][A-Za-z0-9._:-]*$'::text and length(key) <= 256),
  constraint entries_merge_is_known check (merge = any (array['replace'::text, 'deep'::text])),
  constraint entries_value_unless_deleted check (deleted = (value is null)),
  constraint entries_version_positive check (version > 0)
) with (fillfactor = 80);
create index entries_id on fairlead.entries (id);
create index entries_key on fairlead.entries (key, kind, app);

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
  constraint entry_versions_merge_is_known check (merge = any (array['replace'::text, 'deep'::text])),
  constraint entry_versions_op_is_known check (op = any (array['put'::text, 'delete'::text])),
  constraint entry_versions_value_unless_deleted check ((op = 'delete'::text) = (value is null)),
  constraint entry_versions_version_positive check (version > 0)
) partition by hash (key);
create index entry_versions_revision on fairlead.entry_versions (revision);
create trigger entry_versions_append_only before delete or update on fairlead.entry_versions for each row execute function fairlead.refuse_history_change();
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_0 partition of fairlead.entry_versions for values with (modulus 10, remainder 0);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_0 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_1 partition of fairlead.entry_versions for values with (modulus 10, remainder 1);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_1 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_2 partition of fairlead.entry_versions for values with (modulus 10, remainder 2);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_2 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_3 partition of fairlead.entry_versions for values with (modulus 10, remainder 3);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_3 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_4 partition of fairlead.entry_versions for values with (modulus 10, remainder 4);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_4 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_5 partition of fairlead.entry_versions for values with (modulus 10, remainder 5);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_5 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_6 partition of fairlead.entry_versions for values with (modulus 10, remainder 6);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_6 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_7 partition of fairlead.entry_versions for values with (modulus 10, remainder 7);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_7 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_8 partition of fairlead.entry_versions for values with (modulus 10, remainder 8);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_8 for each statement execute function fairlead.refuse_history_change();
create table fairlead.entry_versions_9 partition of fairlead.entry_versions for values with (modulus 10, remainder 9);
create trigger entry_versions_no_truncate before truncate on fairlead.entry_versions_9 for each statement execute function fairlead.refuse_history_change();

create table fairlead.environments (
  name text collate "C" not null,
  rank integer not null,
  protected boolean not null default false,
  created_at timestamp with time zone not null default clock_timestamp(),
  created_by text not null,
  constraint environments_pk primary key (name),
  constraint environments_name_is_legal check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'::text and length(name) <= 64)
);

create table fairlead.idempotency_keys (
  actor text not null,
  route text not null,
  key text collate "C" not null,
  request_hash text not null,
  result json not null,
  created_at timestamp with time zone not null,
  constraint idempotency_keys_pk primary key (actor, route, key)
);
create index idempotency_keys_created_at on fairlead.idempotency_keys (created_at);

create table fairlead.layers (
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  head_revision bigint not null,
  entry_count integer not null,
  constraint layers_pk primary key (kind, app, environment),
  constraint layers_entry_count_not_negative check (entry_count >= 0)
) with (fillfactor = 50);

create table fairlead.migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint migrations_pk primary key (number),
  constraint migrations_number_positive check (number > 0)
);

create table fairlead.outbox (
  revision bigint not null,
  committed_at timestamp with time zone not null,
  changes json not null,
  events json not null,
  constraint outbox_pk primary key (revision)
);

create table fairlead.parked_events (
  consumer text collate "C" not null,
  revision bigint not null,
  committed_at timestamp with time zone not null,
  changes json not null,
  events json not null,
  attempts integer not null,
  last_error text not null,
  parked_at timestamp with time zone not null,
  next_attempt_at timestamp with time zone,
  constraint parked_events_pk primary key (consumer, revision),
  constraint parked_events_attempts_not_negative check (attempts >= 0),
  constraint parked_events_revision_positive check (revision > 0)
);
create index parked_events_due on fairlead.parked_events (consumer, next_attempt_at) where next_attempt_at is not null;

create table fairlead.roles (
  name text collate "C" not null,
  description text not null,
  actions text[] not null,
  created_at timestamp with time zone not null,
  created_by text not null,
  constraint roles_pk primary key (name),
  constraint roles_has_actions check (cardinality(actions) > 0),
  constraint roles_name_is_legal check (name ~ '^[a-z][a-z0-9-]*$'::text and length(name) <= 64)
);

create table fairlead.stream_ticket_secret (
  singleton boolean not null default true,
  secret bytea not null default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-'::text, ''::text), 'hex'::text),
  constraint stream_ticket_secret_pk primary key (singleton),
  constraint stream_ticket_secret_is_long check (octet_length(secret) >= 32),
  constraint stream_ticket_secret_is_single check (singleton)
);

create table fairlead.stream_ticket_uses (
  ticket text collate "C" not null,
  expires_at timestamp with time zone not null,
  constraint stream_ticket_uses_pk primary key (ticket)
);
create index stream_ticket_uses_expires_at on fairlead.stream_ticket_uses (expires_at);
