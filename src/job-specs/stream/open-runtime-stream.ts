import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { OpenLive } from "../../http/live.ts";
import { attestationKeys } from "../leases/attestation-keys.ts";
import { isOthersRuntime, othersRuntime } from "../leases/runtime-row.ts";

/**
 * A stream of what changes of what a runtime holds.
 *
 * @throws Problem `FORBIDDEN` (also for a runtime's name that belongs to another key), `RATE_LIMITED`,
 *   `UNAVAILABLE`
 */
export const openRuntimeStream = async (ctx: Ctx, runtime: string): Promise<OpenLive> => {
  attestationKeys(ctx, "job-specs.lease");
  const { actor, authentication, defaults, expiresAt, name, permissions } = ctx;
  const { runtimeStreams } = ctx;
  if (runtimeStreams === undefined) {
    throw new Problem("UNAVAILABLE", "This runtime has no streams: ask a Node or Deno process.");
  }
  if (await isOthersRuntime(ctx, ctx.sql, runtime)) throw othersRuntime(runtime);
  // Not the whole context: what is in this object is kept as long as the stream.
  const identity = { actor, authentication, defaults, expiresAt, name, permissions };
  runtimeStreams.admit(identity);
  return (outlet) => runtimeStreams.open({ identity, runtime }, outlet);
};
