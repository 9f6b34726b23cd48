import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { effort } from "../../../test/helpers/effort.ts";
import {
  addJobSpecs,
  expireLease,
  makeDue,
  renderAnew,
} from "../../../test/helpers/job-spec-rows.ts";
import { createLeaseModel, type LeaseModel } from "../../../test/helpers/lease-model.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { acceptResult } from "./accept-result.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { forgetRuntime } from "./forget-runtime.ts";
import { heartbeat } from "./heartbeat.ts";
import { releaseJobSpec } from "./release-job-spec.ts";

const specCount = 6;
const most = 3;
const runtimes = ["one", "two", "three"];

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql, { settings: { MAX_SPECS_PER_RUNTIME: String(most) } });
});
afterAll(() => database.drop());

const index = fc.nat(specCount - 1);
const runtime = fc.constantFrom(...runtimes);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("claim"),
      runtime,
      limit: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("heartbeat"), runtime }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("release"), runtime, index }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("report"),
      runtime,
      index,
      // How far behind what there is.
      version: fc.constantFrom(0, 0, 0, 1),
      fence: fc.constantFrom(0, 0, 0, 1),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("expire"), index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("makeDue"), index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("render"), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget"), runtime }) },
);

type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

interface Given {
  readonly runtime: string;
  readonly index: number;
  readonly limit: number;
  readonly version: number;
  readonly fence: number;
}

const shown = (leases: readonly { id: string; version: number; fence: number }[]): unknown[] =>
  leases.map(({ fence, id, version }) => ({ id, version, fence }));

const byId = (some: readonly unknown[]): unknown[] =>
  some.map((each) => JSON.stringify(each)).toSorted();

/** What a refused verb answers in place of its result. */
const orRefusal = async <Answer>(answer: Promise<Answer>): Promise<Answer | Problem> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
};

/** Does one thing to both, and compares what they answer. */
const perform = async (model: LeaseModel, each: Action): Promise<void> => {
  const {
    fence = 0,
    index: at = 0,
    limit = 1,
    runtime: id = "",
    version = 0,
  } = each as unknown as Partial<Given>;
  const spec = model.specs[at]!;
  const { sql } = database;
  if (each.do === "claim") {
    const { jobSpecs } = await claimJobSpecs(ctx, { runtime: id, limit, leaseSeconds: 600 });
    expect(shown(jobSpecs)).toEqual(model.claim(id, limit));
  } else if (each.do === "heartbeat") {
    const { jobSpecs } = await heartbeat(ctx, { runtime: id, leaseSeconds: 600 });
    expect(byId(shown(jobSpecs))).toEqual(byId(model.held(id)));
  } else if (each.do === "release") {
    const answer = await orRefusal(releaseJobSpec(ctx, { runtime: id, jobSpecId: spec.id }));
    expect(!(answer instanceof Problem)).toBe(model.release(id, spec));
  } else if (each.do === "report") {
    const [ofVersion, ofFence] = [spec.version - version, spec.fence - fence];
    const input = { runtime: id, jobSpecId: spec.id, version: ofVersion, fence: ofFence };
    const answer = await orRefusal(acceptResult(ctx, { ...input, status: "passed" }));
    const found = answer instanceof Problem ? answer.members["stale"] : answer.run;
    expect(found).toEqual(model.report(id, spec, ofVersion, ofFence));
  } else if (each.do === "expire") {
    await expireLease(sql, spec.id);
    model.expire(spec);
  } else if (each.do === "makeDue") {
    await makeDue(sql, spec.id);
    model.makeDue(spec);
  } else if (each.do === "render") {
    await renderAnew(sql, spec.id);
    model.render(spec);
  } else {
    await orRefusal(forgetRuntime(ctx, id));
    model.forget(id);
  }
};

const rows = () => database.sql`
  select job_spec_id as id, version, fence, run_count as runs, runtime,
    coalesce(lease_expires_at <= statement_timestamp(), false) as "hasExpired",
    coalesce(due_at <= statement_timestamp(), false) as "isDue",
    coalesce(due_at > statement_timestamp(), false) as "isLater"
  from fairlead.job_spec_leases order by job_spec_id`;

const modelRows = ({ specs }: LeaseModel) =>
  specs
    .map(({ dueSince, fence, hasExpired, id, isLater, runs, runtime: holder, version }) => ({
      id,
      version,
      fence,
      runs,
      runtime: holder ?? null,
      hasExpired,
      isDue: dueSince !== undefined,
      isLater: dueSince === undefined && isLater,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe("leases", () => {
  it("do what a plain model does, whatever comes in whatever order", async () => {
    const sequence = fc.array(action, { minLength: 10, maxLength: 40, size: "max" });
    const property = fc.asyncProperty(sequence, async (actions) => {
      await database.sql`
        truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes,
          fairlead.job_spec_results`;
      const repeats = (at: number): boolean => at % 2 === 0;
      const names = Array.from({ length: specCount }, (_, at) => ({
        attestation: `a.${at}`,
        dueForSeconds: 100 - at,
        ...(repeats(at) ? { intervalSeconds: 3_600 } : {}),
      }));
      const model = createLeaseModel(await addJobSpecs(database.sql, names), repeats, most);
      for (const each of actions) await perform(model, each);
      expect(await rows()).toEqual(modelRows(model));
      const [counted] = await database.sql<{ results: number }[]>`
        select count(*)::int as results from fairlead.job_spec_results`;
      const accepted = model.specs.reduce((sum, { runs }) => sum + runs, 0);
      expect(counted).toEqual({ results: accepted });
    });
    await fc.assert(property, { numRuns: 60 * effort });
  }, 120_000);
});
