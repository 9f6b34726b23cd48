-- Compliance definitions: which entries name which, what is rendered from them, and who runs it.

-- What the live entries of kinds that name others name. Written in the statement that writes the entries.
create table fairlead.entry_references (
  kind text collate "C" not null,
  key text collate "C" not null,
  target_kind text collate "C" not null,
  target_key text collate "C" not null,
  constraint entry_references_pk primary key (kind, key, target_kind, target_key)
);

create index entry_references_target on fairlead.entry_references (target_kind, target_key);

-- What is rendered of each attestation: its newest version that could be rendered, and what was wrong
-- since. Version 0 is one that never could be.
create table fairlead.job_specs (
  id uuid not null,
  attestation text collate "C" not null,
  version bigint not null,
  hash text,
  spec json,
  envelope json,
  -- When the version came to be, and from which revision on.
  changed_at timestamptz,
  changed_revision bigint,
  -- What it was rendered from last, whether that changed it or not.
  rendered_epoch text not null,
  rendered_revision bigint not null,
  error text,
  error_path text,
  error_at timestamptz,
  constraint job_specs_pk primary key (attestation),
  constraint job_specs_id_key unique (id),
  constraint job_specs_version_not_negative check (version >= 0),
  constraint job_specs_hash_is_sha256 check (hash ~ '^[0-9a-f]{64}$'),
  constraint job_specs_rendered_is_whole check (
    (version = 0) = (spec is null) and (spec is null) = (hash is null)
    and (spec is null) = (envelope is null) and (spec is null) = (changed_at is null)
    and (spec is null) = (changed_revision is null)
  ),
  constraint job_specs_unrendered_says_why check (version > 0 or error is not null),
  constraint job_specs_error_is_whole check (
    (error is null) = (error_at is null) and (error is null) = (error_path is null)
  )
);

-- What each spec was rendered from: entries, and effective values at (app, environment).
create table fairlead.job_spec_dependencies (
  attestation text collate "C" not null,
  kind text collate "C" not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  key text collate "C" not null,
  constraint job_spec_dependencies_pk primary key (attestation, kind, app, environment, key)
);

create index job_spec_dependencies_key on fairlead.job_spec_dependencies (key, kind);

-- A row per rendered spec, narrow, since each lease writes it: when it is to be run, and who has it.
create table fairlead.job_spec_leases (
  job_spec_id uuid not null,
  version bigint not null,
  labels jsonb not null,
  interval_seconds integer,
  -- About what its content takes in an answer, known without reading it.
  size_bytes integer not null,
  -- Null: nothing is to be run until the version changes.
  due_at timestamptz,
  -- How many results were accepted.
  run_count bigint not null default 0,
  runtime text collate "C",
  lease_expires_at timestamptz,
  -- Grows with each lease: whoever shows an older one holds it no more.
  fence bigint not null default 0,
  constraint job_spec_leases_pk primary key (job_spec_id),
  constraint job_spec_leases_version_positive check (version > 0),
  constraint job_spec_leases_size_not_negative check (size_bytes >= 0),
  constraint job_spec_leases_interval_positive check (interval_seconds > 0),
  constraint job_spec_leases_fence_not_negative check (fence >= 0),
  constraint job_spec_leases_run_count_not_negative check (run_count >= 0),
  constraint job_spec_leases_lease_is_whole check ((runtime is null) = (lease_expires_at is null)),
  constraint job_spec_leases_leased_has_a_fence check (runtime is null or fence > 0)
) with (fillfactor = 70);

create index job_spec_leases_free on fairlead.job_spec_leases (due_at)
  where runtime is null and due_at is not null;
-- From when on what was leased is free again: what has nothing to be run is not in it. It does not ask
-- for the runtime, so that no plan takes the index on that for it, and reads all that is leased.
create index job_spec_leases_expiry on fairlead.job_spec_leases (greatest(due_at, lease_expires_at))
  where lease_expires_at is not null and due_at is not null;
create index job_spec_leases_runtime on fairlead.job_spec_leases (runtime)
  where runtime is not null;

-- Who has claimed under which name. The key that came first keeps the name as long as it counts.
create table fairlead.runtimes (
  id text collate "C" not null,
  key_id text collate "C" not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- Grows with whatever changes what it holds: two at once notice each other.
  turn bigint not null default 0,
  constraint runtimes_pk primary key (id),
  constraint runtimes_id_is_legal check (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]*$' and length(id) <= 64)
) with (fillfactor = 50);

-- Accepted results, for good: they are evidence, and outlive the spec.
create table fairlead.job_spec_results (
  id bigint not null generated always as identity,
  job_spec_id uuid not null,
  attestation text collate "C" not null,
  version bigint not null,
  fence bigint not null,
  -- Counts the results of a spec: no run has two.
  run bigint not null,
  runtime text collate "C" not null,
  key_id text collate "C" not null,
  status text not null,
  evidence json,
  received_at timestamptz not null,
  constraint job_spec_results_pk primary key (id),
  constraint job_spec_results_run_key unique (job_spec_id, run),
  constraint job_spec_results_status_is_known check (status in ('passed', 'failed', 'error')),
  constraint job_spec_results_run_positive check (run > 0)
);

create index job_spec_results_attestation on fairlead.job_spec_results (attestation, id desc);
create index job_spec_results_runtime on fairlead.job_spec_results (runtime, id desc);
create index job_spec_results_status on fairlead.job_spec_results (status, id desc);

-- What signs job specs. One is in use; those before it go on to be told of, for what they have signed.
create table fairlead.signing_keys (
  id text collate "C" not null,
  -- PKCS #8, and the public JWK.
  private_key bytea not null,
  public_key json not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  constraint signing_keys_pk primary key (id)
);

create unique index signing_keys_in_use on fairlead.signing_keys ((true)) where retired_at is null;
