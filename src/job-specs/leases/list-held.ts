import { createHash } from "node:crypto";
import type { Ctx } from "../../context.ts";
import type { Sql } from "../../platform/sql.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { heldSpecs, type LeasedSpec } from "./leased-spec.ts";
import { isOthersRuntime, othersRuntime } from "./runtime-row.ts";

interface Held {
  /** Of ids, versions and fences: not of the time that is left. */
  readonly tag: string;
  readonly body: {
    /** Every change up to here is in what is listed. */
    readonly revision: number;
    readonly jobSpecs: readonly LeasedSpec[];
  };
}

/**
 * What a runtime holds now, in the versions of now; it drops what is not listed.
 *
 * @throws Problem `FORBIDDEN`, also for a runtime's name that belongs to another key
 */
export const listHeld = async (ctx: Ctx, runtime: string): Promise<Held> => {
  const filter = attestationKeys(ctx, "job-specs.lease");
  const { sql } = ctx;
  if (await isOthersRuntime(ctx, sql, runtime)) throw othersRuntime(runtime);
  // The revision comes first: what is listed may be newer, never older.
  const { epoch, revision } = await renderedPoint(sql);
  const held = await heldSpecs(sql, runtime);
  const jobSpecs = held.filter(({ attestation }) => filter.allows(attestation));
  const identity = jobSpecs.map(({ fence, id, version }) => [id, version, fence]);
  const hash = createHash("sha256").update(JSON.stringify(identity)).digest("hex");
  return { tag: `"${epoch}.${hash.slice(0, 32)}"`, body: { revision, jobSpecs } };
};

interface RenderedPoint {
  readonly epoch: string;
  readonly revision: number;
}

const renderedPoint = async (sql: Sql): Promise<RenderedPoint> => {
  const [row] = await sql<RenderedPoint[]>`
    select d.epoch, coalesce(c.revision, 0)::bigint as revision
    from fairlead.deployment d
    left join fairlead.consumers c on c.name = 'job-specs' and c.epoch = d.epoch`;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  return row;
};
