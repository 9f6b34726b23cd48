import type { Sql } from "../../platform/sql.ts";

/** The attestation of a job spec that is there, or was there and has results: these outlive it. */
export const attestationOf = async (sql: Sql, id: string): Promise<string | undefined> => {
  const [row] = await sql<{ attestation: string }[]>`
    select attestation from fairlead.job_specs where id = ${id}
    union all
    (select attestation from fairlead.job_spec_results where job_spec_id = ${id} limit 1)
    limit 1`;
  return row?.attestation;
};
