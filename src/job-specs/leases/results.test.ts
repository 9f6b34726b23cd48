import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  addJobSpecs,
  expireLease,
  makeDue,
  removeJobSpec,
  renderAnew,
} from "../../../test/helpers/job-spec-rows.ts";
import {
  createTestContext,
  permissionsOf,
  withIdempotency,
} from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { acceptResult } from "./accept-result.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import type { LeasedSpec } from "./leased-spec.ts";
import { listResults } from "./list-results.ts";
import { releaseJobSpec } from "./release-job-spec.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.sql`
    truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes,
      fairlead.job_spec_results`;
  ctx = createTestContext(database.sql);
});

/** A spec that a runtime has. */
const leased = async (more: object = {}, runtime = "one"): Promise<LeasedSpec> => {
  await addJobSpecs(database.sql, [{ attestation: "a.1", ...more }]);
  return claimFor(runtime);
};

const claimFor = async (runtime: string): Promise<LeasedSpec> => {
  const { jobSpecs } = await claimJobSpecs(ctx, { runtime, limit: 1, leaseSeconds: 60 });
  expect(jobSpecs).toHaveLength(1);
  return jobSpecs[0]!;
};

const report = (
  { fence, id, version }: Pick<LeasedSpec, "id" | "fence" | "version">,
  more: { readonly runtime?: string; readonly evidence?: string } = {},
  as = ctx,
) => acceptResult(as, { runtime: "one", jobSpecId: id, version, fence, status: "passed", ...more });

const stale = (...names: string[]) => ({ code: "CONFLICT", members: { stale: names } });

const results = async () => {
  const { items } = await listResults(ctx, { limit: 100 });
  return items.map(({ fence, run, runtime, version }) => ({ fence, run, runtime, version }));
};

const codesOf = (answers: readonly PromiseSettledResult<unknown>[]): string[] =>
  answers
    .map((answer) =>
      answer.status === "fulfilled" ? "done" : (answer.reason as { code: string }).code,
    )
    .toSorted();

describe("a result", () => {
  it("is accepted and kept, and the spec is done until its version changes", async () => {
    const spec = await leased();
    const accepted = await report(spec, { evidence: "all well" });
    expect(accepted).toMatchObject({ jobSpecId: spec.id, version: 1, run: 1, dueAt: null });
    await releaseJobSpec(ctx, { runtime: "one", jobSpecId: spec.id });
    expect(await claimJobSpecs(ctx, { runtime: "one", limit: 1, leaseSeconds: 60 })).toEqual({
      jobSpecs: [],
    });
    const { items } = await listResults(ctx, { limit: 10, jobSpecId: spec.id });
    expect(items).toMatchObject([
      {
        id: accepted.id,
        attestation: "a.1",
        status: "passed",
        evidence: "all well",
        keyId: "tester",
      },
    ]);
    await renderAnew(database.sql, spec.id);
    expect(await claimFor("two")).toMatchObject({ id: spec.id, version: 2, fence: 2 });
  });

  it("has the spec run again after its interval", async () => {
    const spec = await leased({ intervalSeconds: 3_600 });
    const { dueAt, receivedAt } = await report(spec);
    expect(Date.parse(dueAt!) - Date.parse(receivedAt)).toBe(3_600_000);
    await expect(report(spec)).rejects.toMatchObject(stale("run"));
    await makeDue(database.sql, spec.id);
    expect(await report(spec)).toMatchObject({ run: 2 });
    expect(await results()).toEqual([
      { fence: 1, run: 2, runtime: "one", version: 1 },
      { fence: 1, run: 1, runtime: "one", version: 1 },
    ]);
  });

  it("counts once for a run, however many come at once", async () => {
    const spec = await leased();
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => report(spec)));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({
      reason: stale("run"),
    });
    expect(await results()).toHaveLength(1);
  });

  it("of a paused runtime is refused once another has the spec, whose own stands", async () => {
    const spec = await leased();
    await expireLease(database.sql, spec.id);
    const others = await claimFor("two");
    await expect(report(spec)).rejects.toMatchObject({
      ...stale("lease", "fence"),
      members: { current: { version: 1, fence: 2, isHeld: false, isDue: true } },
    });
    await report(others, { runtime: "two" });
    await expect(report(spec)).rejects.toMatchObject(stale("lease", "fence"));
    expect(await results()).toEqual([{ fence: 2, run: 1, runtime: "two", version: 1 }]);
  });

  it("of a lease that has expired is accepted while nobody else has the spec", async () => {
    const spec = await leased();
    await expireLease(database.sql, spec.id);
    expect(await report(spec)).toMatchObject({ run: 1 });
  });

  it("with the fence of an earlier lease of its own is refused", async () => {
    const spec = await leased();
    await expireLease(database.sql, spec.id);
    await claimFor("one");
    await expect(report(spec)).rejects.toMatchObject(stale("fence"));
  });

  it("of a version that has changed meanwhile is refused", async () => {
    const spec = await leased();
    await renderAnew(database.sql, spec.id);
    await expect(report(spec)).rejects.toMatchObject(stale("version"));
    expect(await report({ ...spec, version: 2 })).toMatchObject({ version: 2, run: 1 });
  });

  it("of what was released is refused, also before anybody else has it", async () => {
    const spec = await leased();
    await releaseJobSpec(ctx, { runtime: "one", jobSpecId: spec.id });
    await expect(report(spec)).rejects.toMatchObject(stale("lease"));
    const release = releaseJobSpec(ctx, { runtime: "one", jobSpecId: spec.id });
    await expect(release).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("of what is not there is NOT_FOUND, and what there was of it is kept", async () => {
    const spec = await leased();
    await report(spec);
    await removeJobSpec(database.sql, spec.id);
    await expect(report(spec)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await listResults(ctx, { limit: 10, jobSpecId: spec.id })).items).toHaveLength(1);
  });

  it("is FORBIDDEN from a key to which the name does not belong", async () => {
    const spec = await leased();
    const other: Ctx = { ...ctx, actor: { type: "key", id: "another" } };
    await expect(report(spec, {}, other)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is NOT_FOUND with a key whose grants do not cover the attestation, as if it were missing", async () => {
    const spec = await leased();
    const grants = [{ role: "runtime", effect: "allow", keys: ["b.*"] }] as const;
    const limited = { ...ctx, permissions: permissionsOf(grants) };
    const missing = "00000000-0000-4000-8000-000000000000";
    const [hidden, none] = await Promise.allSettled([
      report(spec, {}, limited),
      report({ ...spec, id: missing }, {}, limited),
    ]);
    expect(hidden).toMatchObject({ reason: { code: "NOT_FOUND", isRefusal: true } });
    const messageOf = (answer: typeof hidden): string =>
      answer?.status === "rejected" ? (answer.reason as Error).message : "";
    expect(messageOf(hidden)).toBe(messageOf(none).replace(missing, spec.id));
  });

  it("with more evidence than a value may have is TOO_LARGE, and the spec waits on", async () => {
    const spec = await leased();
    const evidence = "x".repeat(256 * 1_024 - 2);
    await expect(report(spec, { evidence: `${evidence}x` })).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
    expect(await report(spec, { evidence })).toMatchObject({ run: 1 });
  });
});

describe("a result with an Idempotency-Key", () => {
  it("is accepted once and answered alike, however often it is sent, also at once", async () => {
    const spec = await leased();
    const caller = withIdempotency(ctx, "once");
    const answers = await Promise.all([1, 2, 3].map(() => report(spec, {}, caller)));
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    await renderAnew(database.sql, spec.id);
    expect(await report(spec, {}, caller)).toEqual(answers[0]);
    expect(await results()).toHaveLength(1);
  });

  it("is accepted for one of several bodies that come with the key at once", async () => {
    const attestations = ["a.1", "a.2", "a.3", "a.4"];
    const added = attestations.map((attestation) => ({ attestation }));
    await addJobSpecs(database.sql, added);
    const { jobSpecs } = await claimJobSpecs(ctx, { runtime: "one", limit: 4, leaseSeconds: 60 });
    const answers = await Promise.allSettled(
      jobSpecs.map((spec) =>
        report(spec, {}, withIdempotency(ctx, "shared", { requestHash: spec.id })),
      ),
    );
    expect(codesOf(answers)).toEqual([
      "IDEMPOTENCY_KEY_REUSED",
      "IDEMPOTENCY_KEY_REUSED",
      "IDEMPOTENCY_KEY_REUSED",
      "done",
    ]);
    expect(await results()).toHaveLength(1);
  });

  it("is accepted where the one before it was refused, whoever waited for that", async () => {
    const spec = await leased();
    const caller = withIdempotency(ctx, "second");
    const other = withIdempotency(ctx, "second", { requestHash: "another" });
    const answers = await Promise.allSettled([
      report({ ...spec, fence: 9 }, {}, other),
      report(spec, {}, caller),
    ]);
    // Whichever came first: what was refused keeps the key from nobody.
    expect(answers[1]).toMatchObject({ status: "fulfilled" });
    expect(await results()).toHaveLength(1);
  });

  it("is answered alike when the spec is gone, also for a key with limited grants", async () => {
    const spec = await leased();
    const permissions = permissionsOf([{ role: "runtime", effect: "allow", keys: ["a.*"] }]);
    const limited = { ...ctx, permissions };
    const caller = withIdempotency(limited, "gone");
    const accepted = await report(spec, {}, caller);
    await removeJobSpec(database.sql, spec.id);
    expect(await report(spec, {}, caller)).toEqual(accepted);
    await expect(report(spec, {}, limited)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("counts anew a day later", async () => {
    const spec = await leased();
    const caller = withIdempotency(ctx, "old");
    await report(spec, {}, caller);
    await database.sql`
      update fairlead.idempotency_keys set created_at = created_at - interval '24 hours'`;
    await expect(report(spec, {}, caller)).rejects.toMatchObject(stale("run"));
  });

  it("leaves no record where it is refused", async () => {
    const spec = await leased();
    const caller = withIdempotency(ctx, "refused");
    await renderAnew(database.sql, spec.id);
    await expect(report(spec, {}, caller)).rejects.toMatchObject(stale("version"));
    expect(await database.sql`select from fairlead.idempotency_keys where key = 'refused'`).toEqual(
      [],
    );
  });
});
