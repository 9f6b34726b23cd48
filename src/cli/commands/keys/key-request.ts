import { usageFailure } from "../../failure.ts";
import { type GrantRequest, grantRequest } from "../../grants/grant-members.ts";
import { parseGrant } from "../../grants/parse-grant.ts";
import { scopeMembers } from "../../scope.ts";

export interface CreateOptions {
  readonly role?: string;
  readonly app?: string;
  readonly environment?: string;
  readonly kind?: readonly string[];
  readonly keyPattern?: readonly string[];
  readonly grant?: readonly string[];
  readonly defaultApp?: string;
  readonly defaultEnvironment?: string;
  readonly expiresAt?: string;
  readonly expiresIn?: number;
  readonly saveProfile?: string;
}

/** The grant of --role and its companions. */
const roleGrant = (options: CreateOptions): GrantRequest[] => {
  const { role, app, environment, kind, keyPattern } = options;
  if (role === undefined) {
    if ((app ?? environment ?? kind ?? keyPattern) === undefined) return [];
    throw usageFailure("--app, --environment, --kind and --key-pattern go with --role.");
  }
  const written = { place: "--role", deny: false, role, app, environment };
  return [grantRequest({ ...written, kinds: kind, keys: keyPattern })];
};

const grantsOf = (options: CreateOptions): GrantRequest[] => {
  const grants = [...roleGrant(options), ...(options.grant ?? []).map(parseGrant)];
  if (grants.length > 0) return grants;
  throw usageFailure("keys create wants --role or --grant: a key without grants may do nothing.");
};

const expiryOf = ({ expiresAt, expiresIn }: CreateOptions, nowMs: number): string | undefined =>
  expiresIn === undefined ? expiresAt : new Date(nowMs + expiresIn).toISOString();

/**
 * The request for a key.
 * @throws Failure for a grant that is none, or where there is none
 */
export const keyRequest = (name: string, options: CreateOptions, nowMs: number) => {
  const { defaultApp, defaultEnvironment } = options;
  const defaults = scopeMembers({ app: defaultApp, environment: defaultEnvironment });
  const expiresAt = expiryOf(options, nowMs);
  return {
    name,
    grants: grantsOf(options),
    ...(Object.keys(defaults).length === 0 ? {} : { defaults }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
};
