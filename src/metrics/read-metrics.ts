import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { readFigures } from "./read-figures.ts";

/**
 * What this process measures, in Prometheus' text format.
 *
 * @throws Problem `UNAVAILABLE` where the runtime keeps no measurements
 */
export const readMetrics = async (ctx: Ctx): Promise<string> => {
  requirePermission(ctx, "metrics.read");
  const text = await ctx.metrics.render(readFigures(ctx));
  if (text !== undefined) return text;
  throw new Problem("UNAVAILABLE", "This runtime keeps no metrics: ask a Node or Deno process.");
};
