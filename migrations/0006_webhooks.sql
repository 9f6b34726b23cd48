-- Who wants to be called when something happens, and what is owed to them.

create table fairlead.webhooks (
  id uuid not null,
  url text not null,
  -- Patterns of event types: `dev.fairlead.change.*`.
  events json not null,
  app text collate "C" not null,
  environment text collate "C" not null,
  prefix text collate "C" not null,
  payload text not null,
  format text not null,
  description text not null,
  -- Sent along as they are; they may be credentials of the receiver.
  headers json not null,
  -- Which signatures are sent: v1, v1a or both.
  signatures json not null,
  -- Of v1, and until a rotation's overlap is over the one before.
  secret bytea not null,
  previous_secret bytea,
  previous_secret_until timestamptz,
  -- Of v1a: PKCS #8, and the raw public key.
  private_key bytea,
  public_key bytea,
  enabled boolean not null,
  -- Who or what disabled it, and since when.
  disabled_reason text,
  disabled_at timestamptz,
  -- The key whose grants say what it is told.
  owner text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version bigint not null,
  constraint webhooks_pk primary key (id),
  constraint webhooks_payload_is_known check (payload in ('thin', 'full')),
  constraint webhooks_format_is_known check (format in ('cloudevents', 'slack', 'teams')),
  constraint webhooks_secret_is_long check (octet_length(secret) between 24 and 64),
  constraint webhooks_previous_is_whole check (
    (previous_secret is null) = (previous_secret_until is null)
  ),
  constraint webhooks_key_is_whole check ((private_key is null) = (public_key is null)),
  constraint webhooks_disabled_says_why check (
    enabled = (disabled_reason is null) and enabled = (disabled_at is null)
  ),
  constraint webhooks_version_positive check (version > 0)
);

-- A row per webhook beside it, written while it is sent to: who sends, and how its receiver does. Only
-- one process sends to a webhook at a time, which keeps the order and the number of requests.
create table fairlead.webhook_lanes (
  webhook_id uuid not null,
  -- When there is something to send; null: nothing.
  due_at timestamptz,
  fence bigint not null default 0,
  lease_holder text,
  lease_expires_at timestamptz,
  -- Since when no delivery has succeeded; null: the newest attempt did.
  failing_since timestamptz,
  -- For metrics: how attempts ended, and how many took at most as long as each bucket says.
  delivered bigint not null default 0,
  failed bigint not null default 0,
  parked bigint not null default 0,
  interrupted bigint not null default 0,
  latency_counts bigint[] not null default '{}',
  latency_seconds double precision not null default 0,
  constraint webhook_lanes_pk primary key (webhook_id),
  constraint webhook_lanes_lease_is_whole check ((lease_holder is null) = (lease_expires_at is null)),
  constraint webhook_lanes_fence_not_negative check (fence >= 0)
) with (fillfactor = 50);

create index webhook_lanes_due on fairlead.webhook_lanes (due_at) where due_at is not null;

-- One event for one webhook. What it says is fixed when it is made, so that every attempt says the same.
create table fairlead.webhook_deliveries (
  id uuid not null,
  webhook_id uuid not null,
  -- The order in which a webhook's deliveries are sent.
  sequence bigint not null generated always as identity,
  event_id text not null,
  event_type text not null,
  -- Null for what no change set has caused.
  revision bigint,
  -- The entries that it is about, `kind/app/environment/key`: those of one are not sent side by side.
  entries json not null,
  content_type text not null,
  body text not null,
  created_at timestamptz not null,
  state text not null,
  attempts integer not null default 0,
  -- Attempts that began and whose end nobody saw: those may have arrived twice.
  interrupted integer not null default 0,
  next_attempt_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  status integer,
  error text,
  excerpt text,
  duration_ms integer,
  constraint webhook_deliveries_pk primary key (id),
  constraint webhook_deliveries_event_key unique (webhook_id, event_id),
  constraint webhook_deliveries_state_is_known check (
    state in ('pending', 'sending', 'delivered', 'parked', 'cancelled')
  ),
  constraint webhook_deliveries_pending_has_a_time check ((state = 'pending') = (next_attempt_at is not null)),
  constraint webhook_deliveries_attempts_not_negative check (attempts >= 0 and interrupted >= 0)
) with (fillfactor = 70);

create index webhook_deliveries_due on fairlead.webhook_deliveries (webhook_id, next_attempt_at, sequence)
  where state = 'pending';
create index webhook_deliveries_owed on fairlead.webhook_deliveries (webhook_id, sequence)
  where state in ('pending', 'sending');
create index webhook_deliveries_parked on fairlead.webhook_deliveries (webhook_id, sequence)
  where state = 'parked';
create index webhook_deliveries_list on fairlead.webhook_deliveries (webhook_id, sequence desc);
create index webhook_deliveries_ended on fairlead.webhook_deliveries (ended_at)
  where state in ('delivered', 'cancelled');
