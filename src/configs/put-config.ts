import type { PutOperation } from "../changes/change-set.ts";
import { commitChangeSet } from "../changes/commit-change-set.ts";
import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Json } from "../platform/json.ts";

export interface PutConfigInput extends Omit<PutOperation, "op" | "kind"> {
  readonly message?: string | undefined;
  readonly allowLargeChange?: boolean | undefined;
}

export interface PutConfigResult {
  readonly key: string;
  readonly value: Json;
  readonly version: number;
}

/** Puts one value, a change set of one operation, and tells the revision that shows it. */
export const putConfig = async (
  ctx: Ctx,
  { allowLargeChange, message = "", ...put }: PutConfigInput,
): Promise<{ readonly revision: number; readonly body: PutConfigResult }> => {
  const { changes, revision } = await commitChangeSet(ctx, {
    changeSet: { message, allowLargeChange, operations: [{ op: "put", kind: "config", ...put }] },
  });
  const version = changes[0]?.version ?? (await currentVersion(ctx, put));
  return { revision: revision ?? 0, body: { key: put.key, value: put.value, version } };
};

/** For a put that changed nothing. */
const currentVersion = async (
  { sql }: Ctx,
  { app, environment, key }: Pick<PutOperation, "app" | "environment" | "key">,
): Promise<number> => {
  const [row] = await sql<{ version: number }[]>`
    select version from fairlead.entries
    where kind = 'config' and app = ${app} and environment = ${environment} and key = ${key}
      and not deleted`;
  if (row !== undefined) return row.version;
  throw new Problem("CONFLICT", `"${key}" was deleted while it was put.`);
};
