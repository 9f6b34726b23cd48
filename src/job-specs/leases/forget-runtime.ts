import { readSnapshot } from "../../changes/read-state.ts";
import { recordChange } from "../../changes/record-change.ts";
import { type Ctx, requireAnyPermission, requirePermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";

/**
 * Forgets a runtime: its name is anybody's, and what it held is free. The key to which the name belongs
 * may do that, and who may lease everything.
 *
 * @throws Problem `FORBIDDEN`, `NOT_FOUND`
 */
export const forgetRuntime = async (ctx: Ctx, runtime: string): Promise<void> => {
  requireAnyPermission(ctx, "job-specs.lease");
  await inTransaction(ctx.sql, "read write", async (tx) => {
    const keyId = await forgottenKeyId(tx, runtime);
    if (keyId !== ctx.actor.id) requirePermission(ctx, "job-specs.lease");
    if (keyId === undefined) {
      throw new Problem("NOT_FOUND", `There is no runtime "${runtime}".`);
    }
    const freed = await freeLeases(tx, runtime);
    const asked = { operations: [], idempotencyNames: [], catalogue: undefined };
    const { now } = await readSnapshot(tx, asked);
    const detail = { runtime, keyId, freed };
    await recordChange(tx, ctx, { action: "runtime.forget", detail, result: {}, now });
  });
};

const forgottenKeyId = async (tx: Tx, runtime: string): Promise<string | undefined> => {
  const [row] = await tx<{ keyId: string }[]>`
    delete from fairlead.runtimes where id = ${runtime} returning key_id as "keyId"`;
  return row?.keyId;
};

const freeLeases = async (tx: Tx, runtime: string): Promise<number> => {
  const rows = await tx`
    with held as (
      select job_spec_id from fairlead.job_spec_leases where runtime = ${runtime}
      order by job_spec_id for update
    )
    update fairlead.job_spec_leases set runtime = null, lease_expires_at = null
    where job_spec_id = any (array(select job_spec_id from held))
    returning 1`;
  return rows.length;
};
