import type { Bench } from "../bench.ts";
import type { Report } from "../report.ts";
import { measureDecisions } from "./access-decisions.ts";
import { measureKeys } from "./access-keys.ts";

/** Who may do what, and who is there: decisions and API keys, in process. */
export async function access(bench: Bench): Promise<Report> {
  const keys = await measureKeys(bench);
  const decisions = measureDecisions();
  return {
    tables: [decisions.table, ...keys.tables],
    ratios: { ...decisions.ratios, ...keys.ratios },
    versions: { PostgreSQL: keys.postgresVersion },
  };
}
