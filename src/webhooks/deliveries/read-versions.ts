import type { Sql } from "../../platform/sql.ts";

/** The versions of those webhooks that may be called at this moment: that are there, and enabled. */
export const readVersions = async (
  sql: Sql,
  webhookIds: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const rows = await sql<{ id: string; version: number }[]>`
    select w.id, w.version from fairlead.webhooks w
    where w.enabled and w.id in (
      select value::uuid from json_array_elements_text(${JSON.stringify(webhookIds)}::text::json)
    )`;
  return new Map(rows.map(({ id, version }) => [id, version]));
};
