import { type Ctx, requireAnyPermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Tx } from "../../platform/sql.ts";
import { commitAccessChange } from "../commit-access-change.ts";
import { bootstrapId } from "../store/identities.ts";
import { type KeyRow, toApiKey, toJson } from "./api-key.ts";
import { managedKey } from "./get-api-key.ts";

/**
 * Revokes a key: every process that reaches the database obeys within two seconds. Somebody who may
 * do everything always remains.
 *
 * @throws Problem `NOT_FOUND` for an unknown or revoked key, `CONFLICT` for the last administrator's
 */
export const revokeApiKey = async (ctx: Ctx, id: string): Promise<void> => {
  requireAnyPermission(ctx, "access.write");
  await commitAccessChange(ctx, {
    action: "api-key.revoke",
    apply: async ({ now, roleActions, tx, version }) => {
      const key = await managedKey(ctx, tx, id, roleActions);
      const isBootstrap = id === bootstrapId;
      const current = ctx.access.bootstrapHash.toString("hex");
      if (key.state === "revoked" && !(isBootstrap && (await isRenewed(tx, current)))) {
        throw new Problem("NOT_FOUND", `There is no API key with the id "${id}".`);
      }
      if (isAdministrator(key) && !(await hasAnotherAdministrator(tx, id))) {
        throw new Problem(
          "CONFLICT",
          `"${id}" is the last key that may do everything. Make another administrator first.`,
        );
      }
      const hash = isBootstrap ? current : undefined;
      await markRevoked(tx, { id, now, by: ctx.actor.id, version, hash });
      return { result: {}, detail: { before: toJson(toApiKey(key)) } };
    },
  });
};

/** Whether the settings have another bootstrap key than the one that was revoked. */
const isRenewed = async (tx: Tx, current: string): Promise<boolean> => {
  const [row] = await tx<{ hash: string | null }[]>`
    select encode(secret_hash, 'hex') as hash from fairlead.api_keys where id = ${bootstrapId}`;
  return row?.hash !== current;
};

const markRevoked = async (
  tx: Tx,
  {
    by,
    hash,
    id,
    now,
    version,
  }: { id: string; now: string; by: string; version: number; hash: string | undefined },
): Promise<void> => {
  await tx`
    update fairlead.api_keys
    set revoked_at = ${now}::timestamptz, revoked_by = ${by}, access_version = ${version},
      secret_hash = coalesce(decode(${hash ?? null}, 'hex'), secret_hash)
    where id = ${id}`;
};

/** Whether a key permits everything. */
const isAdministrator = ({ grants, state }: KeyRow): boolean =>
  state !== "expired" &&
  grants.every(({ effect }) => effect === "allow") &&
  grants.some(
    ({ app, environment, keys, kinds, role }) =>
      role === "admin" && (app ?? environment ?? kinds ?? keys) === undefined,
  );

/** Whether an active key beside this one does. */
const hasAnotherAdministrator = async (tx: Tx, id: string): Promise<boolean> => {
  const [row] = await tx<{ exists: boolean }[]>`
    select exists (
      select from fairlead.api_keys k
      where k.id <> ${id} and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > clock_timestamp())
        and exists (
          select from json_array_elements(k.grants) g
          where g ->> 'role' = 'admin' and g ->> 'effect' = 'allow' and g -> 'app' is null
            and g -> 'environment' is null and g -> 'kinds' is null and g -> 'keys' is null
        )
        and not exists (
          select from json_array_elements(k.grants) g where g ->> 'effect' = 'deny'
        )
    ) as exists`;
  return row?.exists ?? false;
};
