import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { commit } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { addJobSpecs, renderAnew } from "../../../test/helpers/job-spec-rows.ts";
import {
  putAssessment,
  putAttestation,
  putComponent,
  renderOutstanding,
} from "../../../test/helpers/job-specs.ts";
import {
  createTestContext,
  permissionsOf,
  withIdempotency,
} from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { getHeld } from "./get-held.ts";
import { heartbeat } from "./heartbeat.ts";
import { listHeld } from "./list-held.ts";

const mebibyte = 1_024 * 1_024;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.sql`truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes`;
  ctx = createTestContext(database.sql);
});

/** Specs that are as large as they say, without being it; the first has waited longest. */
const add = async (...sizes: readonly number[]): Promise<string[]> => {
  const specs = sizes.map((_, index) => ({
    attestation: `a.${index}`,
    dueForSeconds: 100 - index,
  }));
  const ids = await addJobSpecs(database.sql, specs);
  for (const [index, size] of sizes.entries()) await resize(ids[index]!, size);
  return ids;
};

const resize = (id: string, sizeMebibytes: number) => database.sql`
  update fairlead.job_spec_leases set size_bytes = ${sizeMebibytes * mebibyte}
  where job_spec_id = ${id}`;

const claim = async (limit = 10, as = ctx) =>
  (await claimJobSpecs(as, { runtime: "one", limit, leaseSeconds: 60 })).jobSpecs;

const list = async () => (await (await listHeld(ctx, "one")).read()).jobSpecs;

const idsOf = (specs: readonly { readonly id: string }[]): string[] => specs.map(({ id }) => id);

/** Which of them came with content. */
const fullOf = (specs: Awaited<ReturnType<typeof claim>>): string[] =>
  idsOf(specs.filter(({ envelope, spec }) => spec !== null && envelope !== null));

/** Runs something while no content can be read. */
const withoutContents = async <Result>(run: () => Promise<Result>): Promise<Result> => {
  const { sql } = database;
  await sql`alter table fairlead.job_specs rename column spec to hidden_spec`;
  await sql`alter table fairlead.job_specs rename column envelope to hidden_envelope`;
  try {
    return await run();
  } finally {
    await sql`alter table fairlead.job_specs rename column hidden_spec to spec`;
    await sql`alter table fairlead.job_specs rename column hidden_envelope to envelope`;
  }
};

it("a claim takes as many of the oldest as 16 MiB have room for", async () => {
  const ids = await add(6, 6, 4, 1, 1);
  expect(idsOf(await claim())).toEqual(ids.slice(0, 3));
  expect(idsOf(await claim())).toEqual(ids.slice(3));
});

it("a claim takes one that is larger, alone", async () => {
  const ids = await add(40, 1);
  const first = await claim();
  expect(idsOf(first)).toEqual([ids[0]]);
  expect(fullOf(first)).toEqual([ids[0]]);
  expect(idsOf(await claim())).toEqual([ids[1]]);
});

it("a list names all that is held, with the content of what is due first, up to 16 MiB", async () => {
  const ids = await add(1, 1, 1, 1);
  await claim();
  for (const id of ids) await resize(id, 7);
  const specs = await list();
  expect(idsOf(specs)).toEqual(ids);
  expect(fullOf(specs)).toEqual(ids.slice(0, 2));
  expect(specs[3]).toMatchObject({ attestation: "a.3", version: 1, fence: 1, spec: null });
  expect(await getHeld(ctx, { runtime: "one", jobSpecId: ids[3]! })).toEqual({
    ...specs[3],
    dueInSeconds: 0,
    spec: { is: "version 1" },
    envelope: expect.objectContaining({ payloadType: "none" }) as object,
  });
});

it("a repeated claim has no more room than the first one", async () => {
  const ids = await add(1, 1, 1);
  const caller = withIdempotency(ctx, "again");
  await claim(3, caller);
  for (const id of ids) await resize(id, 9);
  const again = await claim(3, caller);
  expect(idsOf(again)).toEqual(ids);
  expect(fullOf(again)).toEqual([ids[0]]);
});

it("what changes while a list is read comes without its content, not with another version's", async () => {
  const ids = await add(1, 1);
  await claim();
  const { read } = await listHeld(ctx, "one");
  await renderAnew(database.sql, ids[0]!);
  const { jobSpecs } = await read();
  expect(jobSpecs.map(({ version }) => version)).toEqual([1, 1]);
  expect(fullOf(jobSpecs)).toEqual([ids[1]]);
  expect(await getHeld(ctx, { runtime: "one", jobSpecId: ids[0]! })).toMatchObject({
    version: 2,
    spec: { is: "version 2" },
  });
});

it("no content is read for the tag of a list, nor for a heartbeat", async () => {
  const [id] = await add(1);
  await claim();
  const tag = await withoutContents(async () => {
    const permissions = permissionsOf([{ role: "runtime", effect: "allow", keys: ["a.*"] }]);
    const beat = await heartbeat({ ...ctx, permissions }, { runtime: "one", leaseSeconds: 60 });
    expect(idsOf(beat.jobSpecs)).toEqual([id]);
    return (await listHeld(ctx, "one")).tag;
  });
  expect(tag).toBe((await listHeld(ctx, "one")).tag);
});

it("what somebody else holds, or a grant does not cover, cannot be read", async () => {
  const [mine, free] = await add(1, 1);
  await claim(1);
  const name = { runtime: "one", jobSpecId: mine! };
  const missing = { code: "NOT_FOUND" };
  await expect(getHeld(ctx, { ...name, jobSpecId: free! })).rejects.toMatchObject(missing);
  await expect(getHeld(ctx, { ...name, runtime: "two" })).rejects.toMatchObject(missing);
  const permissions = permissionsOf([{ role: "runtime", effect: "allow", keys: ["b.*"] }]);
  const limited = { ...ctx, permissions };
  await expect(getHeld(limited, name)).rejects.toMatchObject({ ...missing, isRefusal: true });
  const other: Ctx = { ...ctx, actor: { type: "key", id: "another" } };
  await expect(getHeld(other, name)).rejects.toMatchObject({ code: "FORBIDDEN" });
});

it("what is rendered has the size that its content takes in an answer, in every version", async () => {
  const sizes = async () => {
    await renderOutstanding(database.sql);
    const [row] = await database.sql<{ size: number; content: number; version: number }[]>`
      select l.size_bytes as size, s.version,
        octet_length(s.spec::text) + octet_length(s.envelope::text) as content
      from fairlead.job_specs s join fairlead.job_spec_leases l on l.job_spec_id = s.id`;
    expect(Math.abs(row!.size - row!.content)).toBeLessThan(1_024);
    return row!;
  };
  const description = 'é"\n'.repeat(10_000);
  await commit(
    ctx,
    putComponent("web", []),
    putAssessment("scan", ["web"]),
    putAttestation("a", { assessment: "scan", components: ["web"] }),
  );
  const small = await sizes();
  await commit(ctx, putComponent("web", [], { description }));
  const large = await sizes();
  expect(large.version).toBe(2);
  expect(large.size - small.size).toBeGreaterThan(90_000);
});
