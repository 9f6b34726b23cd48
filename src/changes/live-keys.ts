import type { Tx } from "../platform/sql.ts";

/** The keys that a layer has now, in order. */
export const liveKeysOf = async (
  tx: Tx,
  { app, environment, kind }: { kind: string; app: string; environment: string },
): Promise<string[]> => {
  const rows = await tx<{ key: string }[]>`
    select key from fairlead.entries
    where kind = ${kind} and app = ${app} and environment = ${environment} and not deleted
    order by key`;
  return rows.map(({ key }) => key);
};
