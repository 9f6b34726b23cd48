import { type Ctx, requireAnyPermission } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { RoleActions } from "../../permissions/roles.ts";
import type { Sql, Tx } from "../../platform/sql.ts";
import { readRoleActions } from "../commit-access-change.ts";
import { type ApiKey, type KeyRow, keyColumns, toApiKey } from "./api-key.ts";
import { managesKey } from "./manages-key.ts";

/** @throws Problem `NOT_FOUND`, also for a key that the actor may not see */
export const getApiKey = async (ctx: Ctx, id: string): Promise<ApiKey> => {
  requireAnyPermission(ctx, "access.read");
  return toApiKey(await managedKey(ctx, ctx.sql, id, await readRoleActions(ctx.sql)));
};

/** A key that the actor may see. */
export const managedKey = async (
  ctx: Ctx,
  sql: Sql | Tx,
  id: string,
  roleActions: RoleActions,
): Promise<KeyRow> => {
  const row = await keyRow(sql, id);
  const isRefusal = row !== undefined && !managesKey(ctx, row, roleActions);
  if (row !== undefined && !isRefusal) return row;
  throw new Problem("NOT_FOUND", `There is no API key with the id "${id}".`, { isRefusal });
};

const keyRow = async (sql: Sql | Tx, id: string): Promise<KeyRow | undefined> => {
  const [row] = await sql<KeyRow[]>`
    select ${keyColumns(sql)} from fairlead.api_keys k where k.id = ${id}`;
  return row;
};
