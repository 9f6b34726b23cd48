import type { Committer } from "./changes/committer.ts";
import type { KindRegistry } from "./changes/kind.ts";
import { Problem } from "./errors.ts";
import type { Logger } from "./platform/log.ts";
import type { Settings } from "./platform/settings.ts";
import type { Sql } from "./platform/sql.ts";

/** Who acts. `id` names the actor in audit rows and histories; it is never a secret. */
export type Actor =
  | { readonly type: "anonymous"; readonly id: "anonymous" }
  | { readonly type: "key"; readonly id: string }
  | { readonly type: "system"; readonly id: string };

/** What an `Idempotency-Key` binds: this route, and a body with this hash. */
interface Idempotency {
  readonly route: string;
  readonly key: string;
  readonly requestHash: string;
}

/** Of a request only what audit rows and logs say of it. */
export interface RequestInfo {
  readonly id: string;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly idempotency: Idempotency | undefined;
}

/** What is built once for a process (on Workers: once for a request) and handed to every verb. */
export interface Deps {
  readonly sql: Sql;
  readonly committer: Committer;
  readonly kinds: KindRegistry;
  readonly settings: Settings;
  readonly log: Logger;
}

export interface Ctx extends Deps {
  readonly actor: Actor;
  readonly request: RequestInfo;
}

/** What may be asked of `requirePermission`: the action, and the scope and key that it touches. */
export type Action =
  | "entries.read"
  | "entries.write"
  | "changes.read"
  | "catalogue.read"
  | "catalogue.write";

export interface Resource {
  readonly kind?: string;
  readonly app?: string;
  readonly environment?: string;
  readonly key?: string;
}

/**
 * The one question that every verb asks before it does anything. Whoever holds the administrator's
 * key may do everything; nobody else may do anything.
 *
 * @throws Problem `UNAUTHENTICATED`
 */
export const requirePermission = (ctx: Ctx, _action: Action, _resource: Resource = {}): void => {
  if (ctx.actor.type === "anonymous") throw missingCredentials();
};

export const missingCredentials = (): Problem =>
  new Problem("UNAUTHENTICATED", "Send an API key: `Authorization: Bearer <key>`.", {
    headers: { "www-authenticate": 'Bearer realm="fairlead"' },
  });
