import type { Ctx } from "../../context.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { heldSpec, type LeasedSpec } from "./leased-spec.ts";
import { notHeld } from "./no-job-spec.ts";
import { isOthersRuntime, othersRuntime } from "./runtime-row.ts";

interface HeldName {
  readonly runtime: string;
  readonly jobSpecId: string;
}

/**
 * One job spec that a runtime holds, in the version of now, with its content.
 *
 * @throws Problem `FORBIDDEN` (also for a runtime's name that belongs to another key), `NOT_FOUND` for
 *   what the runtime does not hold, or may not see any more
 */
export const getHeld = async (ctx: Ctx, { jobSpecId, runtime }: HeldName): Promise<LeasedSpec> => {
  const filter = attestationKeys(ctx, "job-specs.lease");
  if (await isOthersRuntime(ctx, ctx.sql, runtime)) throw othersRuntime(runtime);
  const spec = await heldSpec(ctx.sql, runtime, jobSpecId);
  if (spec === undefined) throw notHeld(runtime, jobSpecId);
  if (!filter.allows(spec.attestation)) throw notHeld(runtime, jobSpecId, true);
  return spec;
};
