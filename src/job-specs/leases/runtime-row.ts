import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import type { Sql, Tx } from "../../platform/sql.ts";

/**
 * Whether a key may act under a runtime's name, of a row `r` of fairlead.runtimes: the key that came
 * first may, and once that one is revoked or has expired, the next.
 */
export const mayActAs = (sql: Sql | Tx, keyId: string) => sql`(
  r.key_id = ${keyId} or exists (
    select from fairlead.api_keys k
    where k.id = r.key_id
      and (k.revoked_at is not null or k.expires_at <= statement_timestamp())
  )
)`;

/** Whether the name belongs to a key that is still good, and is not the caller's. */
export const isOthersRuntime = async (
  { actor }: Ctx,
  sql: Sql | Tx,
  runtime: string,
): Promise<boolean> => {
  const [row] = await sql`
    select from fairlead.runtimes r where r.id = ${runtime} and not ${mayActAs(sql, actor.id)}`;
  return row !== undefined;
};

/** Whatever else concerns the runtime waits, until the transaction ends. */
export const lockRuntime = async (tx: Tx, runtime: string): Promise<void> => {
  await tx`select from fairlead.runtimes where id = ${runtime} for update`;
};

export const othersRuntime = (runtime: string): Problem =>
  new Problem(
    "FORBIDDEN",
    `The runtime name "${runtime}" belongs to another key. Take another name, or revoke that key.`,
  );
