import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { addJobSpecs, expireLease } from "../../../test/helpers/job-spec-rows.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { acceptResult } from "./accept-result.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { getJobSpec } from "./get-job-spec.ts";
import { listJobSpecs } from "./list-job-specs.ts";
import { listResults } from "./list-results.ts";
import { listRuntimes } from "./list-runtimes.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
/** May read the attestations that begin with "a.". */
let limited: Ctx;
const ids = new Map<string, string>();
const idOf = (attestation: string): string => ids.get(attestation)!;

beforeAll(async () => {
  database = await createTestDatabase();
  const { sql } = database;
  ctx = createTestContext(sql);
  const permissions = permissionsOf([{ role: "viewer", effect: "allow", keys: ["a.*"] }]);
  limited = { ...ctx, permissions };
  const names = ["a.done", "a.leased", "a.expired", "b.leased", "a.free", "a.later"];
  const interval = { intervalSeconds: 3_600, labels: { os: "linux" } };
  const specs = names.map((attestation, index) => ({
    attestation,
    dueForSeconds: 100 - index,
    ...(attestation === "a.later" ? interval : {}),
  }));
  for (const [index, id] of (await addJobSpecs(sql, specs)).entries()) ids.set(names[index]!, id);
  const claim = (runtime: string, limit: number, labels = {}) =>
    claimJobSpecs(ctx, { runtime, limit, leaseSeconds: 60, labels });
  await claim("one", 4);
  const report = (runtime: string, attestation: string) =>
    acceptResult(ctx, {
      runtime,
      jobSpecId: idOf(attestation),
      version: 1,
      fence: 1,
      status: "failed",
    });
  await report("one", "a.done");
  await report("one", "b.leased");
  await expireLease(sql, idOf("a.done"));
  await expireLease(sql, idOf("a.expired"));
  await claim("two", 1, { os: "linux" });
  await report("two", "a.later");
  await expireLease(sql, idOf("a.later"));
  await sql`
    insert into fairlead.job_specs
      (id, attestation, version, rendered_epoch, rendered_revision, error, error_path, error_at)
    values (gen_random_uuid(), 'a.failed', 0, 'epoch', 7, 'is not there', 'template', now())`;
  const [broken] = await addJobSpecs(sql, [{ attestation: "a.broken", dueForSeconds: 1 }]);
  ids.set("a.broken", broken!);
  await sql`
    update fairlead.job_specs set error = 'is not there', error_path = '', error_at = now()
    where id = ${broken!}`;
});
afterAll(() => database.drop());

describe("the list of job specs", () => {
  it("says of each in which state it is, and who has it", async () => {
    const { items } = await listJobSpecs(ctx, { limit: 100 });
    expect(items.map(({ attestation, runtime, state }) => [attestation, state, runtime])).toEqual([
      ["a.broken", "failed", null],
      ["a.done", "done", null],
      ["a.expired", "free", null],
      ["a.failed", "failed", null],
      ["a.free", "free", null],
      ["a.later", "done", null],
      ["a.leased", "leased", "one"],
      ["b.leased", "leased", "one"],
    ]);
    const error = { path: "template", message: "is not there", at: expect.any(String) as string };
    expect(items[3]).toMatchObject({ version: 0, hash: null, fence: 0, labels: {}, error });
    expect(items[5]).toMatchObject({
      intervalSeconds: 3_600,
      labels: { os: "linux" },
      runCount: 1,
      error: null,
    });
  });

  it.each([
    // It still can be leased in its last version.
    [{ state: "free" }, ["a.broken", "a.expired", "a.free"]],
    [{ state: "leased" }, ["a.leased", "b.leased"]],
    [{ state: "done" }, ["a.done", "a.later"]],
    [{ state: "failed" }, ["a.broken", "a.failed"]],
    [{ attestation: "a.free" }, ["a.free"]],
    [{ runtime: "one" }, ["a.leased", "b.leased"]],
    [{ runtime: "two" }, []],
  ] as const)("is filtered by %j", async (filter, expected) => {
    const { items } = await listJobSpecs(ctx, { limit: 100, ...filter });
    expect(items.map(({ attestation }) => attestation)).toEqual(expected);
  });

  it("shows whole pages of what may be read, and nothing else", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listJobSpecs(limited, { limit: 2, cursor });
      seen.push(...page.items.map(({ attestation }) => attestation));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([
      "a.broken",
      "a.done",
      "a.expired",
      "a.failed",
      "a.free",
      "a.later",
      "a.leased",
    ]);
  });
});

describe("one job spec", () => {
  it("comes with its content", async () => {
    expect(await getJobSpec(ctx, idOf("a.free"))).toMatchObject({
      attestation: "a.free",
      state: "free",
      spec: { is: "version 1" },
      envelope: { payloadType: "none" },
    });
  });

  it("is missing for who may not read its attestation, and so are its results", async () => {
    const id = idOf("b.leased");
    await expect(getJobSpec(limited, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const results = listResults(limited, { limit: 1, jobSpecId: id });
    await expect(results).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the list of results", () => {
  const resultsOf = async (filter: object, as = ctx): Promise<string[]> => {
    const { items } = await listResults(as, { limit: 100, ...filter });
    return items.map(({ attestation }) => attestation);
  };

  it("has the newest first, by any filter", async () => {
    expect(await resultsOf({})).toEqual(["a.later", "b.leased", "a.done"]);
    expect(await resultsOf({ runtime: "one" })).toEqual(["b.leased", "a.done"]);
    expect(await resultsOf({ attestation: "a.done" })).toEqual(["a.done"]);
    expect(await resultsOf({ status: "passed" })).toEqual([]);
    expect(await resultsOf({ jobSpecId: idOf("a.done") })).toEqual(["a.done"]);
  });

  it("shows what may be read", async () => {
    expect(await resultsOf({}, limited)).toEqual(["a.later", "a.done"]);
  });
});

describe("the list of runtimes", () => {
  it("counts what each holds, of what the reader may see, and hides who holds none of it", async () => {
    const heldBy = async (as: Ctx) => {
      const { items } = await listRuntimes(as, { limit: 10 });
      return items.map(({ held, id, keyId }) => [id, keyId, held]);
    };
    expect(await heldBy(ctx)).toEqual([
      ["one", "tester", 2],
      ["two", "tester", 0],
    ]);
    expect(await heldBy(limited)).toEqual([["one", "tester", 1]]);
  });

  it("is not for who may read no attestation", async () => {
    const permissions = permissionsOf([{ role: "viewer", effect: "allow", app: "payments" }]);
    const list = listRuntimes({ ...ctx, permissions }, { limit: 10 });
    await expect(list).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
