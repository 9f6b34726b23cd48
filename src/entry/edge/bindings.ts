import type { AuthorityReads } from "../../edge/authority/create-authority.ts";
import type { AuthorityPublishing } from "../../edge/handle-internal.ts";
import type { HeadAuthority } from "./head-authority.ts";
import type { StreamHubObject } from "./stream-hub-object.ts";

/** What wrangler.toml and `wrangler secret` give a Worker; docs/operations.md tells of each. */
export interface Bindings {
  /** The database through Cloudflare's pool; preferred over DATABASE_URL. */
  readonly HYPERDRIVE?: Hyperdrive;
  readonly DATABASE_URL?: string;
  readonly BOOTSTRAP_ADMIN_KEY?: string;
  /** Moves the heads of what is published here. */
  readonly HEADS?: DurableObjectNamespace<HeadAuthority>;
  /** Tell clients of changes, one object for each (app, environment). */
  readonly HUBS?: DurableObjectNamespace<StreamHubObject>;
  /** Documents of layers, near to readers. */
  readonly LAYERS?: KVNamespace;
}

/** The settings among them: everything that is a text. */
export const variablesOf = (bindings: Bindings): Record<string, unknown> =>
  Object.fromEntries(Object.entries(bindings).filter(([, value]) => typeof value === "string"));

export const databaseUrlOf = ({ DATABASE_URL, HYPERDRIVE }: Bindings): string | undefined =>
  HYPERDRIVE?.connectionString ?? DATABASE_URL;

type Remote<Methods> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...asked: infer Asked) => infer Answer
    ? (...asked: Asked) => Promise<Answer>
    : never;
};

/** The authority from elsewhere. The types of Workers' own stubs end in recursion where values are JSON. */
type AuthorityStub = AuthorityPublishing & Remote<AuthorityReads>;

/** A stub belongs to the request in which it was made, so each call makes its own. */
export const authorityOf = ({ HEADS }: Bindings): AuthorityStub => {
  if (HEADS === undefined) throw new Error("HEADS is not bound");
  return HEADS.get(HEADS.idFromName("main")) as unknown as AuthorityStub;
};
