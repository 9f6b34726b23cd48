import type { Ctx } from "../../context.ts";
import type { PublicKey } from "./dsse.ts";

/** The keys that job specs are signed with, newest first; retired ones go on to count for what they signed. */
export const listPublicKeys = async ({ sql }: Ctx): Promise<{ readonly keys: PublicKey[] }> => {
  const rows = await sql<{ key: PublicKey }[]>`
    select public_key as key from fairlead.signing_keys order by created_at desc, id`;
  return { keys: rows.map(({ key }) => key) };
};
