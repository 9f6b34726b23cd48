import { type Ctx, requirePermission } from "../../context.ts";
import type { Action } from "../../permissions/actions.ts";
import type { KeyFilter } from "../../permissions/key-filter.ts";

const kind = "attestation";

/**
 * Of which attestations somebody may lease, or see, the job specs.
 *
 * @throws Problem `FORBIDDEN` where there are none
 */
export const attestationKeys = (ctx: Ctx, action: Action): KeyFilter => {
  const filter = ctx.permissions.keys(action, kind, "", "");
  if (filter.permits === "none") {
    requirePermission(ctx, action, { kind, app: "", environment: "", key: "" });
  }
  return filter;
};
