import type { Sql, Tx } from "../../platform/sql.ts";
import { dueInSeconds, type LeasedSpec, maxContentBytes } from "./leased-spec.ts";
import { mayActAs } from "./runtime-row.ts";

export interface TakeQuery {
  readonly runtime: string;
  readonly keyId: string;
  readonly limit: number;
  readonly leaseSeconds: number;
  /** What a spec's labels must contain; undefined: any will do. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** The only ones to be taken; undefined: any. */
  readonly ids: readonly string[] | undefined;
  /** How many the runtime may hold. */
  readonly most: number;
}

interface Taken {
  /** False: the name belongs to another key. */
  readonly isBound: boolean;
  /** False: another claim or heartbeat of the runtime came between, and nothing was taken. */
  readonly isAlone: boolean;
  /** False: the renderer came between; what the specs hold is to be read anew. */
  readonly isCurrent: boolean;
  readonly specs: readonly LeasedSpec[];
}

interface TakenRow extends LeasedSpec {
  readonly isBound: boolean;
  readonly isAlone: boolean;
  readonly specVersion: number | null;
}

/**
 * Leases what is free and due, oldest first, in one statement. It sees what there was when it began,
 * also of the runtime's own leases; so it counts on them only where the runtime's turn shows that
 * nobody has changed them since.
 */
export const takeSpecs = async (sql: Sql | Tx, query: TakeQuery): Promise<Taken> => {
  const rows = await takenRows(sql, query);
  const { isAlone = false, isBound = false } = rows[0] ?? {};
  const taken = rows.filter(({ specVersion }) => specVersion !== null);
  return {
    isBound,
    isAlone,
    isCurrent: taken.every(({ specVersion, version }) => specVersion === version),
    specs: taken.map(toSpec),
  };
};

const toSpec = (row: TakenRow): LeasedSpec => {
  const { isAlone: _, isBound: __, specVersion: ___, ...spec } = row;
  return spec;
};

const takenRows = (sql: Sql | Tx, query: TakeQuery) => {
  const { leaseSeconds, runtime } = query;
  const room = sql`coalesce(greatest((select count from room), 0), 0)`;
  const wanted = wantedSpecs(sql, query);
  return sql<TakenRow[]>`
    with ${turnAndRoom(sql, query)},
    free as (
      select l.job_spec_id, l.due_at, l.size_bytes from fairlead.job_spec_leases l
      where l.runtime is null and l.due_at <= statement_timestamp() ${wanted}
      order by l.due_at limit ${room} for update skip locked
    ),
    expired as (
      select l.job_spec_id, l.due_at, l.size_bytes from fairlead.job_spec_leases l
      where l.lease_expires_at is not null and l.due_at is not null
        and greatest(l.due_at, l.lease_expires_at) <= statement_timestamp() ${wanted}
      order by l.due_at limit ${room} for update skip locked
    ),
    taken as (
      update fairlead.job_spec_leases l
      set runtime = ${runtime}, fence = l.fence + 1,
        lease_expires_at = statement_timestamp() + make_interval(secs => ${leaseSeconds}::int)
      where l.job_spec_id = any (array(${fittingIds(sql)} limit ${room}))
      returning l.job_spec_id, l.version, l.fence, l.lease_expires_at, l.due_at,
        ${dueInSeconds(sql)} as due_in_seconds
    )
    select
      exists (select from bound) as "isBound", exists (select from room) as "isAlone",
      t.job_spec_id as id, s.attestation, t.version, t.fence,
      t.lease_expires_at as "leaseExpiresAt", t.due_at as "dueAt",
      t.due_in_seconds as "dueInSeconds", s.spec, s.envelope,
      s.version as "specVersion"
    from (select) nothing
    left join (
      taken t cross join lateral (
        select
          attestation, version, case when version = t.version then spec end as spec,
          case when version = t.version then envelope end as envelope
        from fairlead.job_specs
        where id = t.job_spec_id limit 1
      ) s
    ) on true
    order by t.due_at, t.job_spec_id`;
};

/** The oldest of what was found, as many as an answer has room for, and one in any case. */
const fittingIds = (sql: Sql | Tx) => sql`
  select job_spec_id from (
    select job_spec_id, row_number() over places as place,
      sum(size_bytes) over places as total_bytes
    from (select * from free union all select * from expired) found
    window places as (order by due_at, job_spec_id rows unbounded preceding)
  ) placed
  where place = 1 or total_bytes <= ${maxContentBytes}
  order by place`;

/** What is asked of a spec `l`, besides that it is free. */
const wantedSpecs = (sql: Sql | Tx, { ids, labels }: TakeQuery) => sql`
    ${labels === undefined ? sql`` : sql`and l.labels @> ${JSON.stringify(labels)}::text::jsonb`}
    ${
      ids === undefined
        ? sql``
        : sql`and l.job_spec_id in (
            select id::uuid from json_array_elements_text(${JSON.stringify(ids)}::text::json) as n(id)
          )`
    }`;

/** The runtime's row, made or locked, and how many it may get; no row where others came between. */
const turnAndRoom = (sql: Sql | Tx, { keyId, limit, most, runtime }: TakeQuery) => sql`
    bound as (
      insert into fairlead.runtimes as r (id, key_id, first_seen_at, last_seen_at, turn)
      values (${runtime}, ${keyId}, statement_timestamp(), statement_timestamp(), 1)
      on conflict on constraint runtimes_pk do update set
        key_id = excluded.key_id, last_seen_at = excluded.last_seen_at, turn = r.turn + 1
      where ${mayActAs(sql, keyId)}
      returning turn
    ),
    room as materialized (
      select least(${limit}::int, ${most}::int - (
        select count(*)::int from fairlead.job_spec_leases h
        where h.runtime = ${runtime} and h.lease_expires_at > statement_timestamp()
      )) as count
      from bound
      where turn = 1 + coalesce((select turn from fairlead.runtimes where id = ${runtime}), 0)
    )`;
