import type { PutOperation } from "../../src/changes/change-set.ts";
import type { DrainCounts } from "../../src/outbox/drain.ts";
import type { Json, JsonObject } from "../../src/platform/json.ts";
import type { Sql } from "../../src/platform/sql.ts";
import { renderingConsumer } from "../../workers/render-job-specs.ts";
import { put } from "./change-sets.ts";
import { drain } from "./drain.ts";

/** Brings all job specs up to date, as a worker does; one that fails may try again at once. */
export const renderOutstanding = (sql: Sql, holder = "renderer"): Promise<DrainCounts> =>
  drain(sql, { ...renderingConsumer(), backoff: { baseMs: 0, maxMs: 0 } }, holder);

export const putControl = (key: string, more: JsonObject = {}): PutOperation =>
  put(key, { title: key, ...more }, { kind: "control" });

export const putComponent = (
  key: string,
  controls: readonly string[],
  more: JsonObject = {},
): PutOperation =>
  put(key, { title: key, controls: [...controls], ...more }, { kind: "component" });

export const putAssessment = (key: string, components: readonly string[]): PutOperation =>
  put(key, { title: key, components: [...components] }, { kind: "assessment" });

interface AttestationOptions {
  readonly assessment: string;
  readonly components: readonly string[];
  readonly [member: string]: unknown;
}

export const putAttestation = (key: string, value: AttestationOptions): PutOperation =>
  put(key, { title: key, ...value } as unknown as Json, { kind: "attestation" });

interface StoredJobSpec {
  readonly id: string;
  readonly attestation: string;
  readonly version: number;
  readonly hash: string | null;
  readonly spec: Json;
  readonly renderedRevision: number;
  readonly error: string | null;
  readonly errorPath: string | null;
}

/** All job specs by attestation. */
export const storedJobSpecs = async (sql: Sql): Promise<ReadonlyMap<string, StoredJobSpec>> => {
  const rows = await sql<StoredJobSpec[]>`
    select
      id, attestation, version, hash, spec, rendered_revision as "renderedRevision", error,
      error_path as "errorPath"
    from fairlead.job_specs order by attestation`;
  return new Map(rows.map((row) => [row.attestation, row]));
};
