import { expect } from "vitest";
import type { Sql } from "../../src/platform/sql.ts";

/** Each answers the rows that break a promise of the store, whoever wrote them and however. */
const violations = {
  "revisions run from 1 to the counter without a gap": (sql: Sql) => sql`
    select coalesce(n.revision, c.revision) as revision
    from (select generate_series(1, revision) as revision from fairlead.deployment) n
    full join fairlead.change_sets c on c.revision = n.revision
    where n.revision is null or c.revision is null limit 5`,

  "commit times never go back": (sql: Sql) => sql`
    select c.revision from (
      select revision, committed_at, lag(committed_at) over (order by revision) as previous
      from fairlead.change_sets
    ) c, fairlead.deployment d
    where c.committed_at < c.previous or c.committed_at > d.committed_at limit 5`,

  "a change set has as many changes as it says": (sql: Sql) => sql`
    select coalesce(c.revision, v.revision) as revision, c.change_count, v.found
    from fairlead.change_sets c
    full join (
      select revision, count(*) as found from fairlead.entry_versions group by revision
    ) v on v.revision = c.revision
    where c.change_count is distinct from v.found limit 5`,

  "the versions of an entry run from 1 without a gap, in the order of revisions": (sql: Sql) => sql`
    select app, environment, key, version, revision from (
      select *, row_number() over entry as expected, lag(revision) over entry as previous
      from fairlead.entry_versions
      window entry as (partition by kind, app, environment, key order by version)
    ) v
    where version <> expected or revision <= previous limit 5`,

  "the current state of an entry is its newest version": (sql: Sql) => sql`
    select v.app, v.environment, v.key, v.version, e.version as current
    from (
      select distinct on (kind, app, environment, key) * from fairlead.entry_versions
      order by kind, app, environment, key, version desc
    ) v
    full join fairlead.entries e
      on e.kind = v.kind and e.app = v.app and e.environment = v.environment and e.key = v.key
    where
      (e.version, e.revision, e.deleted, e.value, e.schema, e.description, e.merge)
        is distinct from
      (v.version, v.revision, v.op = 'delete', v.value, v.schema, v.description, v.merge)
    limit 5`,

  "a layer's head and size are what its entries say": (sql: Sql) => sql`
    select coalesce(l.app, e.app) as app, coalesce(l.environment, e.environment) as environment,
      l.head_revision, e.head, l.entry_count, e.live
    from fairlead.layers l
    full join (
      select kind, app, environment, max(revision) as head, count(*) filter (where not deleted) as live
      from fairlead.entries group by kind, app, environment
    ) e on e.kind = l.kind and e.app = l.app and e.environment = l.environment
    where (l.head_revision, l.entry_count) is distinct from (e.head, e.live) limit 5`,

  "each revision has one outbox row, with its changes and one event": (sql: Sql) => sql`
    with change as (
      select v.revision, jsonb_build_object(
        'op', v.op, 'kind', v.kind, 'app', nullif(v.app, ''),
        'environment', nullif(v.environment, ''), 'key', v.key, 'version', v.version) as change
      from fairlead.entry_versions v
    ), expected as (
      select revision, jsonb_agg(change order by change::text) as changes from change
      group by revision
    ), written as (
      select o.revision, o.committed_at, o.events,
        (o.events->0->'data'->'changes')::jsonb = o.changes::jsonb as agrees, (
          select jsonb_agg(c::jsonb order by c::jsonb::text) from json_array_elements(o.changes) c
        ) as changes
      from fairlead.outbox o
    )
    select coalesce(c.revision, o.revision) as revision
    from fairlead.change_sets c cross join fairlead.deployment d
    join expected e on e.revision = c.revision
    full join written o on o.revision = c.revision
    where o.changes is distinct from e.changes or o.committed_at is distinct from c.committed_at
      or json_array_length(o.events) <> 1
      or o.events->0->>'id' is distinct from d.epoch || '-' || c.revision
      or (o.events->0->>'time')::timestamptz is distinct from c.committed_at
      or o.agrees is distinct from true
    limit 5`,

  "each revision has one audit row, of its actor and time": (sql: Sql) => sql`
    select coalesce(c.revision, a.revision) as revision, a.found
    from fairlead.change_sets c
    full join (
      select revision, count(*) as found, min(at) as at, min(actor_id) as actor_id
      from fairlead.audit_log where revision is not null group by revision
    ) a on a.revision = c.revision
    where a.found is distinct from 1 or a.at is distinct from c.committed_at
      or a.actor_id is distinct from c.actor_id
    limit 5`,

  "entries lie in apps and environments that exist": (sql: Sql) => sql`
    select e.app, e.environment, e.key from fairlead.entries e
    where e.app <> '' and e.app not in (select name from fairlead.apps)
      or e.environment <> '' and e.environment not in (select name from fairlead.environments)
    limit 5`,
} satisfies Record<string, (sql: Sql) => PromiseLike<readonly object[]>>;

/** Fails with the name of each promise of the store that is broken, and the first rows that do. */
export const expectSoundStore = async (sql: Sql): Promise<void> => {
  const checks = Object.entries(violations).map(
    async ([promise, rows]) => [promise, [...(await rows(sql))]] as const,
  );
  const broken = (await Promise.all(checks)).filter(([, rows]) => rows.length > 0);
  expect(Object.fromEntries(broken)).toEqual({});
};
