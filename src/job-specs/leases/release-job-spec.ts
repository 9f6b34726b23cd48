import type { Ctx } from "../../context.ts";
import type { Sql } from "../../platform/sql.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { notHeld } from "./no-job-spec.ts";
import { isOthersRuntime, mayActAs, othersRuntime } from "./runtime-row.ts";

interface ReleaseInput {
  readonly runtime: string;
  readonly jobSpecId: string;
}

/**
 * Ends a lease before its time. The spec is free again, in its old place.
 *
 * @throws Problem `FORBIDDEN` (also for a runtime's name that belongs to another key), `NOT_FOUND` for
 *   what the runtime does not hold
 */
export const releaseJobSpec = async (ctx: Ctx, input: ReleaseInput): Promise<void> => {
  attestationKeys(ctx, "job-specs.lease");
  if (await release(ctx.sql, ctx.actor.id, input)) return;
  const { jobSpecId, runtime } = input;
  if (await isOthersRuntime(ctx, ctx.sql, runtime)) throw othersRuntime(runtime);
  throw notHeld(runtime, jobSpecId);
};

const release = async (
  sql: Sql,
  keyId: string,
  { jobSpecId, runtime }: ReleaseInput,
): Promise<boolean> => {
  const [row] = await sql`
    with bound as (
      update fairlead.runtimes r set key_id = ${keyId}, last_seen_at = statement_timestamp()
      where r.id = ${runtime} and ${mayActAs(sql, keyId)}
      returning id
    )
    update fairlead.job_spec_leases l set runtime = null, lease_expires_at = null
    where l.job_spec_id = ${jobSpecId} and l.runtime = (select id from bound)
    returning 1`;
  return row !== undefined;
};
