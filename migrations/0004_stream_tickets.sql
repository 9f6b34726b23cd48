-- What signs the tickets that browsers open streams with, and which tickets have been used.

-- One row. Whoever changes the secret makes all tickets void.
create table fairlead.stream_ticket_secret (
  singleton boolean not null default true,
  -- Two random UUIDs have 244 random bits, and need no extension.
  secret bytea not null default decode(
    replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'
  ),
  constraint stream_ticket_secret_pk primary key (singleton),
  constraint stream_ticket_secret_is_single check (singleton),
  constraint stream_ticket_secret_is_long check (octet_length(secret) >= 32)
);

insert into fairlead.stream_ticket_secret default values;

-- A ticket counts only if it was used in its first minute: that is all that is written down of it.
create table fairlead.stream_ticket_uses (
  ticket text collate "C" not null,
  expires_at timestamptz not null,
  constraint stream_ticket_uses_pk primary key (ticket)
);

create index stream_ticket_uses_expires_at on fairlead.stream_ticket_uses (expires_at);
