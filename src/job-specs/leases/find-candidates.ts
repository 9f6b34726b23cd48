import type { KeyFilter } from "../../permissions/key-filter.ts";
import type { Sql } from "../../platform/sql.ts";

interface CandidateQuery {
  readonly limit: number;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

interface Candidate {
  readonly id: string;
  readonly attestation: string;
  readonly dueAt: string;
}

const pageSize = 1_000;

/** Others want them too: so many more than the limit are offered. */
const spare = 100;

/** The oldest specs that are free and due, of attestations that a filter permits. */
export const findCandidates = async (
  sql: Sql,
  filter: KeyFilter,
  { labels, limit }: CandidateQuery,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  let start: Candidate | undefined;
  for (;;) {
    const page: readonly Candidate[] = await candidates(sql, start, labels);
    ids.push(...page.filter((found) => filter.allows(found.attestation)).map(({ id }) => id));
    start = page.at(-1);
    if (start === undefined || page.length < pageSize || ids.length >= limit + spare) {
      return ids.slice(0, limit + spare);
    }
  }
};

const candidates = (sql: Sql, start: Candidate | undefined, labels: CandidateQuery["labels"]) => {
  const wanted = sql`
    ${labels === undefined ? sql`` : sql`and l.labels @> ${JSON.stringify(labels)}::text::jsonb`}
    ${
      start === undefined
        ? sql``
        : sql`and (l.due_at, l.job_spec_id) > (${start.dueAt}::timestamptz, ${start.id}::uuid)`
    }
    order by l.due_at, l.job_spec_id limit ${pageSize}`;
  // One part for each index.
  return sql<Candidate[]>`
    select l.job_spec_id as id, s.attestation, l.due_at as "dueAt"
    from (
      (
        select l.job_spec_id, l.due_at from fairlead.job_spec_leases l
        where l.runtime is null and l.due_at <= statement_timestamp() ${wanted}
      )
      union all
      (
        select l.job_spec_id, l.due_at from fairlead.job_spec_leases l
        where l.lease_expires_at is not null and l.due_at is not null
          and greatest(l.due_at, l.lease_expires_at) <= statement_timestamp() ${wanted}
      )
    ) l
    cross join lateral (
      select attestation from fairlead.job_specs where id = l.job_spec_id limit 1
    ) s
    order by l.due_at, l.job_spec_id
    limit ${pageSize}`;
};
