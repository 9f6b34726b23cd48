import { type Ctx, requirePermission } from "../context.ts";
import { Problem } from "../errors.ts";
import { readConsumerFigures } from "./read-consumer-figures.ts";
import { readFigures } from "./read-figures.ts";
import { readJobSpecFigures } from "./read-job-spec-figures.ts";
import { readWebhookFigures } from "./read-webhook-figures.ts";

/**
 * What this process measures, in Prometheus' text format.
 *
 * @throws Problem `UNAVAILABLE` where the runtime keeps no measurements
 */
export const readMetrics = async (ctx: Ctx): Promise<string> => {
  requirePermission(ctx, "metrics.read");
  const [consumers, jobSpecs, webhooks] = await Promise.all([
    readConsumerFigures(ctx),
    readJobSpecFigures(ctx),
    readWebhookFigures(ctx),
  ]);
  const figures = [...readFigures(ctx), ...consumers, ...jobSpecs, ...webhooks];
  const text = await ctx.metrics.render(figures);
  if (text !== undefined) return text;
  throw new Problem("UNAVAILABLE", "This runtime keeps no metrics: ask a Node or Deno process.");
};
