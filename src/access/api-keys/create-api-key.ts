import { type Ctx, requireAnyPermission } from "../../context.ts";
import { type FieldError, invalidInput, Problem } from "../../errors.ts";
import { requireScope } from "../../layers/require-scope.ts";
import { grantsBeyond } from "../../permissions/covers-grants.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { RoleActions } from "../../permissions/roles.ts";
import type { Tx } from "../../platform/sql.ts";
import { commitAccessChange } from "../commit-access-change.ts";
import { generateKey, type NewKey } from "../store/key-text.ts";
import { type ApiKey, type KeyRow, keyColumns, toApiKey, toJson } from "./api-key.ts";

export interface CreateKeyInput {
  readonly name: string;
  readonly grants: readonly Grant[];
  /** `''` is none. */
  readonly defaults: { readonly app: string; readonly environment: string };
  readonly expiresAt: string | null;
}

const maxKeys = 100_000;

/**
 * Makes an API key. Its text is in this answer and nowhere else.
 *
 * @throws Problem `FORBIDDEN` where a grant gives more than the actor holds, or for longer, `NOT_FOUND` for an
 *   unknown default environment, `CONFLICT` for a repeated request (its key cannot be told again)
 */
export const createApiKey = async (
  ctx: Ctx,
  input: CreateKeyInput,
): Promise<ApiKey & { readonly key: string }> => {
  requireAnyPermission(ctx, "access.write");
  refuseUnknownKinds(ctx, input.grants);
  await requireScope(ctx, { environment: input.defaults.environment });
  if (input.expiresAt !== null) checkExpiry(input.expiresAt);
  refuseToOutlive(ctx, input.expiresAt);
  const key = generateKey();
  const made = await commitAccessChange<ApiKey>(ctx, {
    action: "api-key.create",
    apply: async ({ now, roleActions, tx, version }) => {
      refuseUnknownRoles(input.grants, roleActions);
      refuseExcess(ctx, input.grants, roleActions);
      if ((await countKeys(tx)) >= maxKeys) throw tooManyKeys();
      const row = await insertedKey(tx, key, input, { now, version, createdBy: ctx.actor.id });
      const result = toApiKey(row);
      return { result, detail: { after: toJson(result) } };
    },
  });
  if (made.id === key.id) return { ...made, key: key.text };
  throw new Problem(
    "CONFLICT",
    `This Idempotency-Key made the API key ${made.id} already, and a key is told only once. Revoke it, and make another.`,
  );
};

const refuseUnknownKinds = (ctx: Ctx, grants: readonly Grant[]): void => {
  for (const [index, { kinds = [] }] of grants.entries()) {
    const unknown = kinds.findIndex((kind) => !ctx.kinds.has(kind));
    if (unknown === -1) continue;
    const known = [...ctx.kinds.keys()].join(", ");
    const message = `"${kinds[unknown]}" is not a kind; known are ${known}`;
    throw invalidInput(`grants.${index}.kinds.${unknown}`, message);
  }
};

/** RFC 3339 has years of four digits, so an answer could not tell a later one. */
const latestExpiryMs = Date.parse("9999-12-31T23:59:59Z");

const checkExpiry = (expiresAt: string): void => {
  const expiresAtMs = Date.parse(expiresAt);
  if (expiresAtMs <= Date.now()) throw invalidInput("expiresAt", "is not in the future");
  if (expiresAtMs > latestExpiryMs) throw invalidInput("expiresAt", "is past the year 9999");
};

/** Access that ends must not be prolonged by giving it away. */
const refuseToOutlive = (ctx: Ctx, expiresAt: string | null): void => {
  if (ctx.expiresAt === null) return;
  if (expiresAt !== null && Date.parse(expiresAt) <= Date.parse(ctx.expiresAt)) return;
  const error = { path: "expiresAt", message: `must not be later than your own, ${ctx.expiresAt}` };
  throw new Problem("FORBIDDEN", `${error.path} ${error.message}`, { errors: [error] });
};

const refuseUnknownRoles = (grants: readonly Grant[], roleActions: RoleActions): void => {
  for (const [index, { role }] of grants.entries()) {
    if (roleActions.has(role)) continue;
    const known = [...roleActions.keys()].join(", ");
    throw invalidInput(`grants.${index}.role`, `"${role}" is not a role; known are ${known}`);
  }
};

const refuseExcess = (ctx: Ctx, grants: readonly Grant[], roleActions: RoleActions): void => {
  const beyond = grantsBeyond(ctx.permissions.grants, grants, roleActions);
  const errors = grants.flatMap((grant, index): FieldError[] =>
    beyond.includes(grant)
      ? [{ path: `grants.${index}`, message: "gives more than you hold" }]
      : [],
  );
  const [first] = errors;
  if (first === undefined) return;
  throw new Problem("FORBIDDEN", `${first.path} ${first.message}; see GET /v1/whoami`, {
    errors: errors.slice(0, 20),
  });
};

const tooManyKeys = (): Problem =>
  new Problem("CONFLICT", `There are ${maxKeys} API keys already: revoke what is not used.`);

const countKeys = async (tx: Tx): Promise<number> => {
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from fairlead.api_keys where revoked_at is null`;
  return row?.count ?? 0;
};

const insertedKey = async (
  tx: Tx,
  { hash, id }: NewKey,
  { defaults, expiresAt, grants, name }: CreateKeyInput,
  { createdBy, now, version }: { createdBy: string; now: string; version: number },
): Promise<KeyRow> => {
  const [row] = await tx<KeyRow[]>`
    insert into fairlead.api_keys as k
      (id, name, secret_hash, grants, default_app, default_environment, created_at, created_by,
       expires_at, access_version)
    values (
      ${id}, ${name}, decode(${hash.toString("hex")}, 'hex'),
      ${JSON.stringify(grants)}::text::json, ${defaults.app}, ${defaults.environment},
      ${now}::timestamptz, ${createdBy}, ${expiresAt}::timestamptz, ${version}
    )
    returning ${keyColumns(tx)}`;
  if (row === undefined) throw new Error("an inserted key was not returned");
  return row;
};
