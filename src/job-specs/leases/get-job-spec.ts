import type { Ctx } from "../../context.ts";
import type { Sql } from "../../platform/sql.ts";
import { attestationKeys } from "./attestation-keys.ts";
import {
  type JobSpecDetails,
  type JobSpecRow,
  jobSpecColumns,
  jobSpecTables,
  toJobSpec,
} from "./job-spec-row.ts";
import { noJobSpec } from "./no-job-spec.ts";

/** @throws Problem `NOT_FOUND`, also for a spec of an attestation that the reader may not read */
export const getJobSpec = async (ctx: Ctx, id: string): Promise<JobSpecDetails> => {
  const filter = attestationKeys(ctx, "entries.read");
  const row = await jobSpecRow(ctx.sql, id);
  if (row === undefined) throw noJobSpec(id);
  if (!filter.allows(row.attestation)) throw noJobSpec(id, true);
  return toJobSpec<JobSpecDetails>(row);
};

const jobSpecRow = async (
  sql: Sql,
  id: string,
): Promise<JobSpecRow<JobSpecDetails> | undefined> => {
  const [row] = await sql<JobSpecRow<JobSpecDetails>[]>`
    select ${jobSpecColumns(sql)}, s.spec, s.envelope
    from ${jobSpecTables(sql)} where s.id = ${id}`;
  return row;
};
