-- Who reads the outbox, how far each has come, and what could not be delivered.

-- A row per consumer. The fence counts holders: whoever holds an older one moves nothing any more.
-- The low fillfactor keeps the updates of its one page heap-only.
create table fairlead.consumers (
  name text collate "C" not null,
  kind text not null,
  epoch text not null,
  revision bigint not null,
  updated_at timestamptz not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  last_error text,
  last_error_at timestamptz,
  fence bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  constraint consumers_pk primary key (name),
  constraint consumers_name_is_legal check (name ~ '^[a-z][a-z0-9-]*$' and length(name) <= 64),
  constraint consumers_kind_is_known check (kind in ('state', 'event')),
  constraint consumers_epoch_is_hex check (epoch ~ '^[0-9a-f]{16}$'),
  constraint consumers_revision_not_negative check (revision >= 0),
  constraint consumers_attempts_not_negative check (attempts >= 0),
  constraint consumers_waits_after_an_attempt check (next_attempt_at is null or attempts > 0),
  constraint consumers_error_has_a_time check ((last_error is null) = (last_error_at is null)),
  constraint consumers_fence_not_negative check (fence >= 0),
  constraint consumers_lease_is_whole check ((lease_holder is null) = (lease_expires_at is null))
) with (fillfactor = 10);

-- What an event consumer gave up on, with all that its delivery needs: it outlives the outbox's row.
-- Without a next attempt it waits for somebody to put it back.
create table fairlead.parked_events (
  consumer text collate "C" not null,
  revision bigint not null,
  committed_at timestamptz not null,
  changes json not null,
  events json not null,
  attempts integer not null,
  last_error text not null,
  parked_at timestamptz not null,
  next_attempt_at timestamptz,
  constraint parked_events_pk primary key (consumer, revision),
  constraint parked_events_revision_positive check (revision > 0),
  constraint parked_events_attempts_not_negative check (attempts >= 0)
);

create index parked_events_due on fairlead.parked_events (consumer, next_attempt_at)
  where next_attempt_at is not null;
