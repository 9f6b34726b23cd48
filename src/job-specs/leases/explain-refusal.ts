import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { noJobSpec } from "./no-job-spec.ts";
import { isOthersRuntime, othersRuntime } from "./runtime-row.ts";

/** What a result says of the run that it is of. */
interface Claimed {
  readonly runtime: string;
  readonly jobSpecId: string;
  readonly version: number;
  readonly fence: number;
}

interface Current {
  readonly version: number;
  readonly fence: number;
  readonly isHeld: boolean;
  readonly isDue: boolean;
}

/** Says why a result was not accepted: what it names that is no more, and what there is instead. */
export const explainRefusal = async (ctx: Ctx, sql: Sql | Tx, input: Claimed): Promise<never> => {
  const { fence, jobSpecId, runtime, version } = input;
  if (await isOthersRuntime(ctx, sql, runtime)) throw othersRuntime(runtime);
  const current = await currentLease(sql, input);
  if (current === undefined) throw noJobSpec(jobSpecId);
  const faults = [
    ...(current.isHeld ? [] : [["lease", `"${runtime}" does not hold it any more`]]),
    ...(current.fence === fence ? [] : [["fence", `the fence is ${current.fence}`]]),
    ...(current.version === version ? [] : [["version", `the version is ${current.version}`]]),
  ];
  // What was all in order a moment ago has changed in between, or has its result.
  if (faults.length === 0) faults.push(["run", "nothing of it is to be run now"]);
  const words = faults.map(([, text]) => text).join(", ");
  throw new Problem("CONFLICT", `The result of job spec ${jobSpecId} comes too late: ${words}.`, {
    members: { stale: faults.map(([name]) => name), current },
  });
};

const currentLease = async (
  sql: Sql | Tx,
  { jobSpecId, runtime }: Claimed,
): Promise<Current | undefined> => {
  const [row] = await sql<Current[]>`
    select
      l.version, l.fence, l.runtime is not distinct from ${runtime} as "isHeld",
      l.due_at is not null and l.due_at <= statement_timestamp() as "isDue"
    from fairlead.job_spec_leases l where l.job_spec_id = ${jobSpecId}`;
  return row;
};
