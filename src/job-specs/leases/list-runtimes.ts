import { z } from "zod";
import { readVisiblePage } from "../../changes/read-visible-page.ts";
import type { Ctx } from "../../context.ts";
import { decodeCursor, type Page, type PageInput } from "../../platform/page.ts";
import type { Sql } from "../../platform/sql.ts";
import { attestationKeys } from "./attestation-keys.ts";

interface Runtime {
  readonly id: string;
  readonly keyId: string;
  /** How many specs it holds, of those that the reader may see. */
  readonly held: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

/** Who has claimed job specs, by name: who holds what the reader may see, or all to who may see all. */
export const listRuntimes = async (ctx: Ctx, input: PageInput): Promise<Page<Runtime>> => {
  const filter = attestationKeys(ctx, "entries.read");
  return readVisiblePage({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.string()),
    positionOf: ({ id }) => id,
    read: async (start, count) => {
      const rows = await runtimeRows(ctx.sql, start, count);
      return rows.map(({ held, ...runtime }) => ({
        ...runtime,
        held: held.filter((attestation) => filter.allows(attestation)).length,
      }));
    },
    isVisible: ({ held }) => filter.permits === "all" || held > 0,
  });
};

interface RuntimeRow extends Omit<Runtime, "held"> {
  readonly held: readonly string[];
}

const runtimeRows = (sql: Sql, start: string | undefined, count: number) => sql<RuntimeRow[]>`
  select
    r.id, r.key_id as "keyId", r.first_seen_at as "firstSeenAt", r.last_seen_at as "lastSeenAt",
    coalesce((
      select json_agg(s.attestation)
      from fairlead.job_spec_leases l
      join fairlead.job_specs s on s.id = l.job_spec_id
      where l.runtime = r.id and l.lease_expires_at > statement_timestamp()
    ), '[]') as held
  from fairlead.runtimes r
  ${start === undefined ? sql`` : sql`where r.id > ${start}`}
  order by r.id
  limit ${count}`;
