import type { Resource } from "../permissions/actions.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import type { Sql, Tx } from "../platform/sql.ts";
import { formatPublicKey } from "./signatures/key-pairs.ts";

export const payloads = ["thin", "full"] as const;
export const formats = ["cloudevents", "slack", "teams"] as const;
export const signatureKinds = ["v1", "v1a"] as const;
export const disabledReasons = ["requested", "gone", "failing", "owner-key-ended"] as const;

export type DisabledReason = (typeof disabledReasons)[number];

/** What whoever makes a webhook says of it; `''` is no app and no environment. */
export interface WebhookContent {
  readonly url: string;
  readonly events: readonly string[];
  readonly app: string;
  readonly environment: string;
  readonly prefix: string;
  readonly payload: (typeof payloads)[number];
  readonly format: (typeof formats)[number];
  readonly description: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signatures: readonly (typeof signatureKinds)[number][];
  readonly enabled: boolean;
}

export interface WebhookRow extends WebhookContent {
  readonly id: string;
  readonly publicKey: Uint8Array | null;
  readonly disabledReason: DisabledReason | null;
  readonly disabledAt: string | null;
  readonly previousSecretUntil: string | null;
  readonly owner: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  /** Of the deployment's history, for entity tags. */
  readonly epoch: string;
}

/** A webhook as it is shown: without its secret, and with what it sends along blotted out. */
export interface Webhook extends Omit<WebhookRow, "app" | "environment" | "epoch" | "publicKey"> {
  /** `whpk_…`, for v1a signatures. */
  readonly publicKey: string | null;
  readonly app: string | null;
  readonly environment: string | null;
}

/** Stands for a header's value, in answers and, where it is to stay, in changes. */
export const hiddenValue = "***";

export const toWebhook = (found: WebhookRow): Webhook => {
  const { epoch: _, ...row } = found;
  return {
    ...row,
    app: toPublicScope(row.app),
    environment: toPublicScope(row.environment),
    headers: Object.fromEntries(Object.keys(row.headers).map((name) => [name, hiddenValue])),
    publicKey: row.publicKey === null ? null : formatPublicKey(row.publicKey),
  };
};

/** For audit rows. */
export const toJson = (webhook: Webhook): Json => JSON.parse(JSON.stringify(webhook)) as Json;

/** What somebody must be permitted to see or change a webhook in: without an app, all of them. */
export const resourceOf = ({
  app,
  environment,
}: Pick<WebhookRow, "app" | "environment">): Resource => ({
  app: app === "" ? undefined : app,
  environment: environment === "" ? undefined : environment,
});

/** What `toWebhook` needs of `fairlead.webhooks w`. */
export const webhookColumns = (sql: Sql | Tx) => sql`
  w.id, w.url, w.events, w.app, w.environment, w.prefix, w.payload, w.format, w.description,
  w.headers, w.signatures, w.public_key as "publicKey",
  w.enabled, w.disabled_reason as "disabledReason", w.disabled_at as "disabledAt",
  case when w.previous_secret_until > clock_timestamp() then w.previous_secret_until end
    as "previousSecretUntil",
  w.owner, w.created_at as "createdAt", w.updated_at as "updatedAt", w.version,
  (select epoch from fairlead.deployment) as epoch`;
