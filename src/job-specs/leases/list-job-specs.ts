import { z } from "zod";
import { readVisiblePage } from "../../changes/read-visible-page.ts";
import type { Ctx } from "../../context.ts";
import { decodeCursor, type Page, type PageInput } from "../../platform/page.ts";
import { attestationKeys } from "./attestation-keys.ts";
import {
  isInState,
  isLeased,
  type JobSpec,
  type JobSpecRow,
  jobSpecColumns,
  jobSpecTables,
  toJobSpec,
} from "./job-spec-row.ts";

interface JobSpecFilter {
  readonly state?: JobSpec["state"] | undefined;
  readonly attestation?: string | undefined;
  /** Who has leased it. */
  readonly runtime?: string | undefined;
}

/** The job specs of the attestations that the reader may read, by attestation. */
export const listJobSpecs = async (
  ctx: Ctx,
  input: JobSpecFilter & PageInput,
): Promise<Page<JobSpec>> => {
  const filter = attestationKeys(ctx, "entries.read");
  const page = await readVisiblePage<JobSpecRow<JobSpec>, string>({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.string()),
    positionOf: ({ attestation }) => attestation,
    read: (start, count) => jobSpecRows(ctx, input, start, count),
    isVisible: ({ attestation }) => filter.allows(attestation),
  });
  return { ...page, items: page.items.map(toJobSpec<JobSpec>) };
};

const jobSpecRows = (
  { sql }: Ctx,
  { attestation, runtime, state }: JobSpecFilter,
  start: string | undefined,
  count: number,
) => sql<JobSpecRow<JobSpec>[]>`
  select ${jobSpecColumns(sql)}
  from ${jobSpecTables(sql)}
  where true
    ${attestation === undefined ? sql`` : sql`and s.attestation = ${attestation}`}
    ${runtime === undefined ? sql`` : sql`and l.runtime = ${runtime} and ${isLeased(sql)}`}
    ${state === undefined ? sql`` : sql`and ${isInState(sql, state)}`}
    ${start === undefined ? sql`` : sql`and s.attestation > ${start}`}
  order by s.attestation
  limit ${count}`;
