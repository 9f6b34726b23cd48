import type { AccessStore } from "./access/store/access-store.ts";
import type { RefusalLog } from "./audit/refusals.ts";
import type { Committer } from "./changes/committer.ts";
import type { KindRegistry } from "./changes/kind.ts";
import { Problem } from "./errors.ts";
import type { RuntimeStreamHub } from "./job-specs/stream/runtime-hub.ts";
import type { LayerReader } from "./layers/memory/layer-reader.ts";
import type { WarmUp } from "./layers/memory/warm-up.ts";
import type { Replicas } from "./layers/replicas.ts";
import type { Action, Resource } from "./permissions/actions.ts";
import type { Permissions } from "./permissions/compile-permissions.ts";
import type { Logger } from "./platform/log.ts";
import type { Metrics } from "./platform/metrics.ts";
import type { Settings } from "./platform/settings.ts";
import type { Sql } from "./platform/sql.ts";
import type { StreamHub } from "./streams/stream-hub.ts";
import type { TicketBook } from "./streams/tickets/ticket-book.ts";

/** Who acts. `id` names the actor in audit rows and histories; it is never a secret. */
export type Actor =
  | { readonly type: "anonymous"; readonly id: "anonymous" }
  | { readonly type: "key"; readonly id: string }
  | { readonly type: "system"; readonly id: string };

/** The scope that a request means where it names none; `''` is "none". */
export interface ScopeDefaults {
  readonly app: string;
  readonly environment: string;
}

/** How somebody proved who they are. */
type Authentication = "none" | "api-key" | "bootstrap-key" | "system";

/** Somebody with what they may do. */
export interface Identity {
  readonly actor: Actor;
  readonly authentication: Authentication;
  /** What people call it. */
  readonly name: string;
  readonly permissions: Permissions;
  readonly defaults: ScopeDefaults;
  readonly expiresAt: string | null;
}

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
  /** The layers in memory, where a process keeps them fresh; undefined on Workers. */
  readonly layers: LayerReader | undefined;
  readonly warmUp: WarmUp | undefined;
  readonly replicas: Replicas | undefined;
  /** Those who follow the layers; undefined where there are none. */
  readonly streams: StreamHub | undefined;
  /** Runtimes that follow what they hold; undefined where there are no such streams. */
  readonly runtimeStreams: RuntimeStreamHub | undefined;
  readonly tickets: TicketBook;
  readonly access: AccessStore;
  readonly refusals: RefusalLog;
  readonly metrics: Metrics;
  readonly settings: Settings;
  readonly log: Logger;
}

export interface Ctx extends Deps, Identity {
  readonly request: RequestInfo;
}

/**
 * The one question that every verb asks before it does anything. What may not be read is refused as
 * missing by the verbs themselves, see `src/layers/require-scope.ts`.
 *
 * @throws Problem `UNAUTHENTICATED`, `FORBIDDEN`
 */
export const requirePermission = (ctx: Ctx, action: Action, resource: Resource = {}): void => {
  if (ctx.actor.type === "anonymous") throw missingCredentials();
  if (!ctx.permissions.may(action, resource)) throw forbidden(action);
};

/**
 * For verbs whose resources are known only later, entry by entry: refuses who may do this nowhere.
 *
 * @throws Problem `UNAUTHENTICATED`, `FORBIDDEN`
 */
export const requireAnyPermission = (ctx: Ctx, action: Action): void => {
  if (ctx.actor.type === "anonymous") throw missingCredentials();
  if (!ctx.permissions.mayAnywhere(action)) throw forbidden(action);
};

const forbidden = (action: Action): Problem =>
  new Problem(
    "FORBIDDEN",
    `This needs the permission ${action}, which no grant of yours gives here.`,
  );

export const missingCredentials = (): Problem =>
  new Problem("UNAUTHENTICATED", "Send an API key: `Authorization: Bearer <key>`.", {
    headers: { "www-authenticate": 'Bearer realm="fairlead"' },
  });
