import type { Point } from "../../outbox/consumer.ts";
import type { Sql } from "../../platform/sql.ts";

/** Changes that are looked at together; a consumer that was away for long comes back in steps. */
const maxChanges = 20_000;

/** How far the changes after a revision are looked at in one step. */
export const nextStep = async (sql: Sql, after: number, newest: Point): Promise<Point> => {
  const [beyond] = await sql<{ revision: number }[]>`
    select revision from fairlead.entry_versions
    where revision > ${after} and revision <= ${newest.revision}
    order by revision
    offset ${maxChanges} limit 1`;
  if (beyond === undefined) return newest;
  return { epoch: newest.epoch, revision: Math.max(after + 1, beyond.revision - 1) };
};

interface Range {
  readonly after: number;
  readonly to: Point;
}

/**
 * The attestations that the changes of some revisions touch, and that were not rendered since: those that
 * changed themselves, and those whose job spec was made from what changed.
 */
export const findTouched = async (sql: Sql, { after, to }: Range): Promise<readonly string[]> => {
  const rows = await sql<{ attestation: string }[]>`
    with changed as materialized (
      select kind, app, environment, key, max(revision) as revision
      from fairlead.entry_versions
      where revision > ${after} and revision <= ${to.revision}
      group by kind, app, environment, key
    )
    select d.attestation
    from changed c
    join fairlead.job_spec_dependencies d
      on d.key = c.key and d.kind = c.kind
      and (c.app = '' or c.app = d.app) and (c.environment = '' or c.environment = d.environment)
    join fairlead.job_specs s on s.attestation = d.attestation
    where s.rendered_epoch <> ${to.epoch} or s.rendered_revision < c.revision
    union
    select c.key
    from changed c
    where c.kind = 'attestation'
      and not exists (select from fairlead.job_specs s where s.attestation = c.key)
    order by 1`;
  return rows.map(({ attestation }) => attestation);
};

/**
 * All attestations but those that were rendered in this epoch already and that nothing has touched since:
 * a first rendering that was cut off goes on where it was.
 */
export const findUnrendered = async (sql: Sql, to: Point): Promise<readonly string[]> => {
  const rows = await sql<{ attestation: string }[]>`
    select e.key as attestation
    from fairlead.entries e
    where e.kind = 'attestation' and e.app = '' and e.environment = '' and not e.deleted
      and not exists (select from fairlead.job_specs s where s.attestation = e.key)
    union
    select attestation from fairlead.job_specs where rendered_epoch <> ${to.epoch}
    order by 1`;
  const [oldest] = await sql<{ revision: number | null }[]>`
    select min(rendered_revision) as revision from fairlead.job_specs
    where rendered_epoch = ${to.epoch}`;
  const names = rows.map(({ attestation }) => attestation);
  if (oldest?.revision == null) return names;
  return [...new Set([...names, ...(await findTouched(sql, { after: oldest.revision, to }))])];
};
