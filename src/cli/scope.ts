import { describeScope } from "../platform/names.ts";

/** Where entries apply; null or absent means all. */
export interface Scope {
  readonly app?: string | null | undefined;
  readonly environment?: string | null | undefined;
}

/** The scope's name in tables, in messages and as a map key: `global`, `payments/*`, `payments/production`. */
export const scopeName = ({ app, environment }: Scope): string =>
  app == null && environment == null ? "global" : describeScope(app ?? "", environment ?? "");

/** The members of the scope that a request carries: absent ones stay absent. */
export const scopeMembers = ({
  app,
  environment,
}: Scope): { app?: string; environment?: string } => ({
  ...(app == null ? {} : { app }),
  ...(environment == null ? {} : { environment }),
});
