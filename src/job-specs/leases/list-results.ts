import { z } from "zod";
import { readVisiblePage } from "../../changes/read-visible-page.ts";
import type { Ctx } from "../../context.ts";
import type { Json } from "../../platform/json.ts";
import { decodeCursor, type Page, type PageInput } from "../../platform/page.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { attestationOf } from "./attestation-of.ts";
import { noJobSpec } from "./no-job-spec.ts";

interface ResultFilter {
  readonly jobSpecId?: string | undefined;
  readonly attestation?: string | undefined;
  readonly runtime?: string | undefined;
  readonly status?: string | undefined;
}

interface Result {
  readonly id: number;
  readonly jobSpecId: string;
  readonly attestation: string;
  readonly version: number;
  readonly fence: number;
  readonly run: number;
  readonly runtime: string;
  readonly keyId: string;
  readonly status: string;
  readonly evidence: Json;
  readonly receivedAt: string;
}

/**
 * The accepted results of attestations that the reader may read, newest first.
 *
 * @throws Problem `NOT_FOUND` where they are to be those of a spec that is not there, nor ever had any
 */
export const listResults = async (
  ctx: Ctx,
  input: ResultFilter & PageInput,
): Promise<Page<Result>> => {
  const filter = attestationKeys(ctx, "entries.read");
  const { jobSpecId } = input;
  if (jobSpecId !== undefined) {
    const attestation = await attestationOf(ctx.sql, jobSpecId);
    if (attestation === undefined) throw noJobSpec(jobSpecId);
    if (!filter.allows(attestation)) throw noJobSpec(jobSpecId, true);
  }
  return readVisiblePage({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.int().positive()),
    positionOf: ({ id }) => id,
    read: (start, count) => resultRows(ctx, input, start, count),
    isVisible: ({ attestation }) => filter.allows(attestation),
  });
};

const resultRows = (
  { sql }: Ctx,
  { attestation, jobSpecId, runtime, status }: ResultFilter,
  start: number | undefined,
  count: number,
) => sql<Result[]>`
  select
    r.id, r.job_spec_id as "jobSpecId", r.attestation, r.version, r.fence, r.run, r.runtime,
    r.key_id as "keyId", r.status, r.evidence, r.received_at as "receivedAt"
  from fairlead.job_spec_results r
  where true
    ${jobSpecId === undefined ? sql`` : sql`and r.job_spec_id = ${jobSpecId}`}
    ${attestation === undefined ? sql`` : sql`and r.attestation = ${attestation}`}
    ${runtime === undefined ? sql`` : sql`and r.runtime = ${runtime}`}
    ${status === undefined ? sql`` : sql`and r.status = ${status}`}
    ${start === undefined ? sql`` : sql`and r.id < ${start}`}
  order by r.id desc
  limit ${count}`;
