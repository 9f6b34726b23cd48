-- Who may do what: API keys with their grants, roles, and what the audit log needs to tell of refusals.

-- One row: the counter of changes to keys and roles, whose lock makes version order commit order, so
-- that a process which has seen a version has seen everything up to it.
create table fairlead.access_state (
  singleton boolean not null default true,
  version bigint not null default 0,
  constraint access_state_pk primary key (singleton),
  constraint access_state_is_single check (singleton)
);

insert into fairlead.access_state default values;

create table fairlead.roles (
  name text collate "C" not null,
  description text not null,
  actions text[] not null,
  created_at timestamptz not null,
  created_by text not null,
  constraint roles_pk primary key (name),
  constraint roles_name_is_legal check (name ~ '^[a-z][a-z0-9-]*$' and length(name) <= 64),
  constraint roles_has_actions check (cardinality(actions) > 0)
);

-- Of a key only its hash is kept. The bootstrap administrator's key comes from the settings, so its
-- row has a hash only once it is revoked: that of the key which no longer counts.
create table fairlead.api_keys (
  id text collate "C" not null,
  name text not null,
  secret_hash bytea,
  grants json not null,
  default_app text not null,
  default_environment text not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text,
  access_version bigint not null,
  constraint api_keys_pk primary key (id),
  constraint api_keys_hash_is_sha256 check (octet_length(secret_hash) = 32),
  constraint api_keys_has_hash check (secret_hash is not null or id = 'bootstrap-admin'),
  constraint api_keys_revoked_by_somebody check ((revoked_at is null) = (revoked_by is null))
);

create index api_keys_access_version on fairlead.api_keys (access_version);

insert into fairlead.api_keys
  (id, name, grants, default_app, default_environment, created_at, created_by, access_version)
values (
  'bootstrap-admin', 'bootstrap administrator', '[{"role":"admin","effect":"allow"}]', '', '',
  clock_timestamp(), 'system', 0
);

-- Refusals of one actor on one route within a minute are one row, so that they cannot flood the log.
alter table fairlead.audit_log
  add column count bigint not null default 1,
  add column refusal text,
  add constraint audit_log_count_positive check (count > 0);

create unique index audit_log_refusal on fairlead.audit_log (refusal) where refusal is not null;
create index audit_log_actor on fairlead.audit_log (actor_id, id desc);
create index audit_log_action on fairlead.audit_log (action, id desc);
