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

create table fairlead.entry_references (
  kind text collate "C" not null,
  key text collate "C" not null,
  target_kind text collate "C" not null,
  target_key text collate "C" not null,
  constraint entry_references_pk primary key (kind, key, target_kind, target_key)
);
create index entry_references_target on fairlead.entry_references (target_kind, target_key);

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

create table fairlead.job_spec_dependencies (
  attestation text collate "C" not null,
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  key text collate "C" not null,
  constraint job_spec_dependencies_pk primary key (attestation, kind, app, environment, key)
);
create index job_spec_dependencies_key on fairlead.job_spec_dependencies (key, kind);

create table fairlead.job_spec_leases (
  job_spec_id uuid not null,
  version bigint not null,
  labels jsonb not null,
  interval_seconds integer,
  size_bytes integer not null,
  due_at timestamp with time zone,
  run_count bigint not null default 0,
  runtime text collate "C",
  lease_expires_at timestamp with time zone,
  fence bigint not null default 0,
  constraint job_spec_leases_pk primary key (job_spec_id),
  constraint job_spec_leases_fence_not_negative check (fence >= 0),
  constraint job_spec_leases_interval_positive check (interval_seconds > 0),
  constraint job_spec_leases_lease_is_whole check ((runtime is null) = (lease_expires_at is null)),
  constraint job_spec_leases_leased_has_a_fence check (runtime is null or fence > 0),
  constraint job_spec_leases_run_count_not_negative check (run_count >= 0),
  constraint job_spec_leases_size_not_negative check (size_bytes >= 0),
  constraint job_spec_leases_version_positive check (version > 0)
) with (fillfactor = 70);
create index job_spec_leases_expiry on fairlead.job_spec_leases (greatest(due_at, lease_expires_at)) where lease_expires_at is not null and due_at is not null;
create index job_spec_leases_free on fairlead.job_spec_leases (due_at) where runtime is null and due_at is not null;
create index job_spec_leases_runtime on fairlead.job_spec_leases (runtime) where runtime is not null;

create table fairlead.job_spec_results (
  id bigint not null generated always as identity,
  job_spec_id uuid not null,
  attestation text collate "C" not null,
  version bigint not null,
  fence bigint not null,
  run bigint not null,
  runtime text collate "C" not null,
  key_id text collate "C" not null,
  status text not null,
  evidence json,
  received_at timestamp with time zone not null,
  constraint job_spec_results_pk primary key (id),
  constraint job_spec_results_run_key unique (job_spec_id, run),
  constraint job_spec_results_run_positive check (run > 0),
  constraint job_spec_results_status_is_known check (status = any (array['passed'::text, 'failed'::text, 'error'::text]))
);
create index job_spec_results_attestation on fairlead.job_spec_results (attestation, id desc);
create index job_spec_results_runtime on fairlead.job_spec_results (runtime, id desc);
create index job_spec_results_status on fairlead.job_spec_results (status, id desc);

create table fairlead.job_specs (
  id uuid not null,
  attestation text collate "C" not null,
  version bigint not null,
  hash text,
  spec json,
  envelope json,
  changed_at timestamp with time zone,
  changed_revision bigint,
  rendered_epoch text not null,
  rendered_revision bigint not null,
  error text,
  error_path text,
  error_at timestamp with time zone,
  constraint job_specs_pk primary key (attestation),
  constraint job_specs_id_key unique (id),
  constraint job_specs_error_is_whole check ((error is null) = (error_at is null) and (error is null) = (error_path is null)),
  constraint job_specs_hash_is_sha256 check (hash ~ '^[0-9a-f]{64}$'::text),
  constraint job_specs_rendered_is_whole check ((version = 0) = (spec is null) and (spec is null) = (hash is null) and (spec is null) = (envelope is null) and (spec is null) = (changed_at is null) and (spec is null) = (changed_revision is null)),
  constraint job_specs_unrendered_says_why check (version > 0 or error is not null),
  constraint job_specs_version_not_negative check (version >= 0)
);

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

create table fairlead.runtimes (
  id text collate "C" not null,
  key_id text collate "C" not null,
  first_seen_at timestamp with time zone not null,
  last_seen_at timestamp with time zone not null,
  turn bigint not null default 0,
  constraint runtimes_pk primary key (id),
  constraint runtimes_id_is_legal check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$'::text and length(id) <= 64)
) with (fillfactor = 50);

create table fairlead.signing_keys (
  id text collate "C" not null,
  private_key bytea not null,
  public_key json not null,
  created_at timestamp with time zone not null,
  retired_at timestamp with time zone,
  constraint signing_keys_pk primary key (id)
);
create unique index signing_keys_in_use on fairlead.signing_keys ((true)) where retired_at is null;

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

create table fairlead.webhook_deliveries (
  id uuid not null,
  webhook_id uuid not null,
  sequence bigint not null generated always as identity,
  event_id text not null,
  event_type text not null,
  revision bigint,
  entries json not null,
  content_type text not null,
  body text not null,
  created_at timestamp with time zone not null,
  state text not null,
  attempts integer not null default 0,
  interrupted integer not null default 0,
  next_attempt_at timestamp with time zone,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  status integer,
  error text,
  excerpt text,
  duration_ms integer,
  constraint webhook_deliveries_pk primary key (id),
  constraint webhook_deliveries_event_key unique (webhook_id, event_id),
  constraint webhook_deliveries_attempts_not_negative check (attempts >= 0 and interrupted >= 0),
  constraint webhook_deliveries_pending_has_a_time check ((state = 'pending'::text) = (next_attempt_at is not null)),
  constraint webhook_deliveries_state_is_known check (state = any (array['pending'::text, 'sending'::text, 'delivered'::text, 'parked'::text, 'cancelled'::text]))
) with (fillfactor = 70);
create index webhook_deliveries_due on fairlead.webhook_deliveries (webhook_id, next_attempt_at, sequence) where state = 'pending'::text;
create index webhook_deliveries_ended on fairlead.webhook_deliveries (ended_at) where state = any (array['delivered'::text, 'cancelled'::text]);
create index webhook_deliveries_list on fairlead.webhook_deliveries (webhook_id, sequence desc);
create index webhook_deliveries_owed on fairlead.webhook_deliveries (webhook_id, sequence) where state = any (array['pending'::text, 'sending'::text]);
create index webhook_deliveries_parked on fairlead.webhook_deliveries (webhook_id, sequence) where state = 'parked'::text;

create table fairlead.webhook_lanes (
  webhook_id uuid not null,
  due_at timestamp with time zone,
  fence bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamp with time zone,
  failing_since timestamp with time zone,
  delivered bigint not null default 0,
  failed bigint not null default 0,
  parked bigint not null default 0,
  interrupted bigint not null default 0,
  latency_counts bigint[] not null default '{}'::bigint[],
  latency_seconds double precision not null default 0,
  constraint webhook_lanes_pk primary key (webhook_id),
  constraint webhook_lanes_fence_not_negative check (fence >= 0),
  constraint webhook_lanes_lease_is_whole check ((lease_holder is null) = (lease_expires_at is null))
) with (fillfactor = 50);
create index webhook_lanes_due on fairlead.webhook_lanes (due_at) where due_at is not null;

create table fairlead.webhooks (
  id uuid not null,
  url text not null,
  events json not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  prefix text collate "C" not null,
  payload text not null,
  format text not null,
  description text not null,
  headers json not null,
  signatures json not null,
  secret bytea not null,
  previous_secret bytea,
  previous_secret_until timestamp with time zone,
  private_key bytea,
  public_key bytea,
  enabled boolean not null,
  disabled_reason text,
  disabled_at timestamp with time zone,
  owner text not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  version bigint not null,
  constraint webhooks_pk primary key (id),
  constraint webhooks_disabled_says_why check (enabled = (disabled_reason is null) and enabled = (disabled_at is null)),
  constraint webhooks_format_is_known check (format = any (array['cloudevents'::text, 'slack'::text, 'teams'::text])),
  constraint webhooks_key_is_whole check ((private_key is null) = (public_key is null)),
  constraint webhooks_payload_is_known check (payload = any (array['thin'::text, 'full'::text])),
  constraint webhooks_previous_is_whole check ((previous_secret is null) = (previous_secret_until is null)),
  constraint webhooks_secret_is_long check (octet_length(secret) >= 24 and octet_length(secret) <= 64),
  constraint webhooks_version_positive check (version > 0)
);
