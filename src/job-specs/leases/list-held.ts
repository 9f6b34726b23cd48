import { createHash } from "node:crypto";
import type { Ctx } from "../../context.ts";
import type { Sql } from "../../platform/sql.ts";
import { attestationKeys } from "./attestation-keys.ts";
import { type HeldLease, heldLeases, type LeasedSpec } from "./leased-spec.ts";
import { isOthersRuntime, othersRuntime } from "./runtime-row.ts";
import { withContent } from "./with-content.ts";

interface Held {
  /** Of ids, versions and fences: not of the time that is left. */
  readonly tag: string;
  /** Reads the contents, which who has the tag need not wait for. */
  readonly read: () => Promise<HeldList>;
}

interface HeldList {
  /** Every change up to here is in what is listed. */
  readonly revision: number;
  /** All of it, the first ones with their content. */
  readonly jobSpecs: readonly LeasedSpec[];
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
  const held = await heldLeases(sql, runtime);
  const leases = held.filter(({ attestation }) => filter.allows(attestation));
  return {
    tag: `"${epoch}.${hashOf(leases)}"`,
    read: async () => ({ revision, jobSpecs: await withContent(sql, leases) }),
  };
};

/** When they are due, and so their order, is no part of it. */
const hashOf = (leases: readonly HeldLease[]): string => {
  const identity = leases.map(({ fence, id, version }) => JSON.stringify([id, version, fence]));
  return createHash("sha256").update(identity.toSorted().join()).digest("hex").slice(0, 32);
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
