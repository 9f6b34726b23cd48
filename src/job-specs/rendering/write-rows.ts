import type { Point } from "../../outbox/consumer.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import type { RenderedSpec } from "./render-batch.ts";

type Fragment = ReturnType<Sql>;

/** True of a row that was not rendered from something newer. */
const isNotNewer = (tx: Tx, { epoch, revision }: Point): Fragment =>
  tx`(s.rendered_epoch <> ${epoch} or s.rendered_revision <= ${revision})` as unknown as Fragment;

const recordOf = ({ attestation, change, stored }: RenderedSpec) => {
  if (change.to === "version") return { attestation, ...change };
  const error = change.to === "failed" ? change.error : undefined;
  return {
    attestation,
    id: change.to === "failed" ? change.id : stored?.id,
    version: 0,
    error: error?.message ?? null,
    errorPath: error?.path ?? null,
  };
};

const textOf = (specs: readonly RenderedSpec[]): string => JSON.stringify(specs.map(recordOf));

/** New versions, and what could not be rendered the first time; answers how many. */
export const insertVersions = async (
  tx: Tx,
  point: Point,
  specs: readonly RenderedSpec[],
): Promise<number> => {
  if (specs.length === 0) return 0;
  const { count } = await tx`
    insert into fairlead.job_specs as s (
      id, attestation, version, hash, spec, envelope, changed_at, changed_revision,
      rendered_epoch, rendered_revision, error, error_path, error_at
    )
    select
      id, attestation, version, hash, spec, envelope,
      case when version > 0 then statement_timestamp() end,
      case when version > 0 then ${point.revision}::bigint end,
      ${point.epoch}, ${point.revision}, error, "errorPath",
      case when error is not null then statement_timestamp() end
    from json_to_recordset(${textOf(specs)}::text::json) as r(
      id uuid, attestation text, version bigint, hash text, spec json, envelope json, error text,
      "errorPath" text
    )
    on conflict on constraint job_specs_pk do update set
      version = excluded.version, hash = excluded.hash, spec = excluded.spec,
      envelope = excluded.envelope, changed_at = excluded.changed_at,
      changed_revision = excluded.changed_revision, rendered_epoch = excluded.rendered_epoch,
      rendered_revision = excluded.rendered_revision, error = null, error_path = null,
      error_at = null
    where ${isNotNewer(tx, point)} and s.id = excluded.id and s.version = excluded.version - 1`;
  return count;
};

/** What was rendered and made no version: all as before, or an error now; answers how many. */
export const noteRendered = async (
  tx: Tx,
  point: Point,
  specs: readonly RenderedSpec[],
): Promise<number> => {
  if (specs.length === 0) return 0;
  const { count } = await tx`
    update fairlead.job_specs s
    set rendered_epoch = ${point.epoch}, rendered_revision = ${point.revision}, error = r.error,
      error_path = r."errorPath",
      error_at = case
        when r.error is null then null
        when s.error = r.error and s.error_path = r."errorPath" then s.error_at
        else statement_timestamp()
      end
    from json_to_recordset(${textOf(specs)}::text::json) as r(
      attestation text, id uuid, error text, "errorPath" text
    )
    where s.attestation = r.attestation and s.id = r.id and ${isNotNewer(tx, point)}`;
  return count;
};

/** What is rendered of attestations that are gone, but for leases and results; answers which went. */
export const deleteSpecs = async (
  tx: Tx,
  point: Point,
  specs: readonly RenderedSpec[],
): Promise<ReadonlySet<string>> => {
  if (specs.length === 0) return new Set();
  const names = JSON.stringify(specs.map(({ attestation }) => attestation));
  const rows = await tx<{ attestation: string }[]>`
    with deleted as (
      delete from fairlead.job_specs s
      where s.attestation in (select json_array_elements_text(${names}::text::json))
        and ${isNotNewer(tx, point)}
      returning s.attestation
    ), dependencies as (
      delete from fairlead.job_spec_dependencies p using deleted d
      where p.attestation = d.attestation
    )
    select attestation from deleted`;
  return new Set(rows.map(({ attestation }) => attestation));
};
