import { recordReplay, reserveReplay } from "../../changes/record-replay.ts";
import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { type Json, jsonSizeBytes } from "../../platform/json.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { inTransaction } from "../../platform/transaction.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { attestationOf } from "./attestation-of.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { noJobSpec } from "./no-job-spec.ts";
import { mayActAs } from "./runtime-row.ts";

interface ResultInput {
  readonly runtime: string;
  readonly jobSpecId: string;
  readonly version: number;
  readonly fence: number;
  readonly status: "passed" | "failed" | "error";
  readonly evidence?: Json | undefined;
}

interface AcceptedResult {
  readonly id: number;
  readonly jobSpecId: string;
  readonly version: number;
  /** Counts the results of the spec. */
  readonly run: number;
  readonly receivedAt: string;
  /** When it is to be run again; null: when its version changes. */
  readonly dueAt: string | null;
}

/**
 * Accepts what came of running a spec, once for each time that it was due. The lease may have expired,
 * as long as nobody else has the spec.
 *
 * @throws Problem `CONFLICT` (another's lease, a version that has changed, a run that has a result),
 *   `FORBIDDEN`, `NOT_FOUND`, `TOO_LARGE`, `IDEMPOTENCY_KEY_REUSED`
 */
export const acceptResult = async (ctx: Ctx, input: ResultInput): Promise<AcceptedResult> => {
  const filter = attestationKeys(ctx, "job-specs.lease");
  requireSize(ctx, input.evidence ?? null);
  if (filter.permits !== "all") {
    const attestation = await attestationOf(ctx.sql, input.jobSpecId);
    if (attestation === undefined || !filter.allows(attestation)) {
      throw noJobSpec(input.jobSpecId, attestation !== undefined);
    }
  }
  if (ctx.request.idempotency !== undefined) return acceptOnce(ctx, input);
  return (await accept(ctx, ctx.sql, input)) ?? (await explainRefusal(ctx, ctx.sql, input));
};

const requireSize = ({ settings }: Ctx, evidence: Json): void => {
  const sizeBytes = jsonSizeBytes(evidence);
  const most = settings.maxValueBytes;
  if (sizeBytes <= most) return;
  throw new Problem("TOO_LARGE", `The evidence has ${sizeBytes} bytes; the limit is ${most}.`);
};

const acceptOnce = (ctx: Ctx, input: ResultInput): Promise<AcceptedResult> =>
  inTransaction(ctx.sql, "read write", async (tx) => {
    // The same key sent twice at once: the second waits here, and finds the first one's record.
    const replay = await reserveReplay(tx, ctx);
    if (replay !== undefined) return replay.result as AcceptedResult;
    const result = (await accept(ctx, tx, input)) ?? (await explainRefusal(ctx, tx, input));
    await recordReplay(tx, ctx, result);
    return result;
  });

const accept = async (
  { actor }: Ctx,
  sql: Sql | Tx,
  { evidence = null, fence, jobSpecId, runtime, status, version }: ResultInput,
): Promise<AcceptedResult | undefined> => {
  const [row] = await sql<AcceptedResult[]>`
    with run as (
      update fairlead.job_spec_leases l set
        run_count = l.run_count + 1,
        due_at = statement_timestamp() + make_interval(secs => l.interval_seconds)
      where l.job_spec_id = ${jobSpecId} and l.runtime = ${runtime} and l.fence = ${fence}
        and l.version = ${version} and l.due_at <= statement_timestamp()
        and exists (
          select from fairlead.runtimes r where r.id = ${runtime} and ${mayActAs(sql, actor.id)}
        )
      returning l.run_count, l.due_at
    ),
    result as (
      insert into fairlead.job_spec_results
        (job_spec_id, attestation, version, fence, run, runtime, key_id, status, evidence,
         received_at)
      select
        s.id, s.attestation, ${version}, ${fence}, run.run_count, ${runtime}, ${actor.id},
        ${status}, ${JSON.stringify(evidence)}::text::json, statement_timestamp()
      from run cross join fairlead.job_specs s
      where s.id = ${jobSpecId}
      returning id, job_spec_id, version, run, received_at
    )
    select
      result.id, result.job_spec_id as "jobSpecId", result.version, result.run,
      result.received_at as "receivedAt", run.due_at as "dueAt"
    from result cross join run`;
  return row;
};
