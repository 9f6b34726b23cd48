import { type Ctx, missingCredentials } from "../context.ts";
import { type Action, actions } from "../permissions/actions.ts";
import type { Grant } from "../permissions/grant.ts";
import { toPublicScope } from "../platform/names.ts";

export interface Whoami extends Pick<Ctx, "name" | "authentication" | "expiresAt"> {
  readonly actor: Ctx["actor"];
  readonly grants: readonly Grant[];
  readonly defaults: { readonly app: string | null; readonly environment: string | null };
  /** What they may do somewhere. */
  readonly actions: readonly Action[];
}

/** Who sends the request, and what they may do. */
export const whoAmI = (ctx: Ctx): Whoami => {
  const { actor, authentication, defaults, expiresAt, name, permissions } = ctx;
  if (actor.type === "anonymous") throw missingCredentials();
  return {
    actor,
    name,
    authentication,
    grants: permissions.grants,
    defaults: {
      app: toPublicScope(defaults.app),
      environment: toPublicScope(defaults.environment),
    },
    expiresAt,
    actions: actions.filter((action) => permissions.mayAnywhere(action)),
  };
};
