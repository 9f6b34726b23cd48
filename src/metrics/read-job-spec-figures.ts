import type { Ctx } from "../context.ts";
import { countJobSpecs, type JobSpecCounts } from "../job-specs/count-job-specs.ts";
import type { Figure } from "../platform/metrics.ts";
import { replacePool } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";

/** As for the consumers: who scrapes does not wait for a database that is away. */
const timeoutMs = 2_000;

/** How many job specs there are; nothing of them while PostgreSQL is away. */
export const readJobSpecFigures = async ({ sql }: Pick<Ctx, "sql">): Promise<Figure[]> => {
  try {
    return figuresOf(await withDeadline(countJobSpecs(sql), timeoutMs, () => replacePool(sql)));
  } catch {
    return [];
  }
};

const figuresOf = ({ done, failed, free, leased, waitSeconds }: JobSpecCounts): Figure[] => [
  ...Object.entries({ free, leased, done }).map(([state, value]) => ({
    name: "fairlead_job_specs",
    help: "Job specs by state: free to be claimed, leased, or with nothing to run",
    value,
    labels: { state },
  })),
  {
    name: "fairlead_job_specs_failed",
    help: "Job specs that cannot be rendered; those that could be before keep their last version",
    value: failed,
  },
  {
    name: "fairlead_job_specs_wait_seconds",
    help: "For how long the job spec that waits longest has been free",
    value: waitSeconds,
  },
];
