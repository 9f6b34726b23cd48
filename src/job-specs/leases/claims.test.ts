import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { addJobSpecs, expireLease, renderAnew } from "../../../test/helpers/job-spec-rows.ts";
import {
  createTestContext,
  permissionsOf,
  withIdempotency,
} from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { forgetRuntime } from "./forget-runtime.ts";
import { heartbeat } from "./heartbeat.ts";
import { listHeld } from "./list-held.ts";
import { releaseJobSpec } from "./release-job-spec.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.sql`
    truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes`;
  ctx = createTestContext(database.sql, { settings: { MAX_SPECS_PER_RUNTIME: "20" } });
});

const add = (count: number, more: object = {}): Promise<string[]> =>
  addJobSpecs(
    database.sql,
    Array.from({ length: count }, (_, index) => ({
      attestation: `a.${String(index).padStart(3, "0")}`,
      dueForSeconds: 1_000 - index,
      ...more,
    })),
  );

const claim = async (runtime: string, limit = 10, more: object = {}, as = ctx) =>
  (await claimJobSpecs(as, { runtime, limit, leaseSeconds: 60, ...more })).jobSpecs;

const held = async (runtime: string, as = ctx) =>
  (await (await listHeld(as, runtime)).read()).jobSpecs;

const idsOf = (specs: readonly { readonly id: string }[]): string[] => specs.map(({ id }) => id);

/** The caller with another key. */
const withKey = (id: string): Ctx => ({ ...ctx, actor: { type: "key", id } });

const insertKey = async (): Promise<string> => {
  const id = randomUUID();
  await database.sql`
    insert into fairlead.api_keys
      (id, name, secret_hash, grants, default_app, default_environment, created_at, created_by,
       access_version)
    values (${id}, 'a key', sha256(${id}::text::bytea), '[]', '', '', clock_timestamp(), 'test', 1)`;
  return id;
};

const revoke = (id: string) => database.sql`
  update fairlead.api_keys set revoked_at = clock_timestamp(), revoked_by = 'test' where id = ${id}`;

describe("a claim", () => {
  it("takes what has waited longest, with what is to be run, and no more than its limit", async () => {
    const ids = await add(5);
    const first = await claim("one", 2);
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(first[0]).toMatchObject({
      attestation: "a.000",
      version: 1,
      fence: 1,
      spec: { is: "version 1" },
      envelope: { payloadType: "none" },
    });
    expect(idsOf(await claim("two", 10))).toEqual(ids.slice(2));
    expect(await claim("three")).toEqual([]);
  });

  it("gives nobody what somebody else has, however many ask at once", async () => {
    const ids = await add(200);
    const claims = await Promise.all(
      Array.from({ length: 40 }, (_, index) => claim(`runtime-${index}`, 7)),
    );
    const taken = claims.flatMap(idsOf);
    expect(new Set(taken).size).toBe(taken.length);
    const rest = await Promise.all(
      Array.from({ length: 10 }, (_, index) => claim(`late-${index}`, 20)),
    );
    expect([...taken, ...rest.flatMap(idsOf)].toSorted()).toEqual(ids.toSorted());
  });

  it("lets a runtime hold no more than the maximum, however often it asks at once", async () => {
    await add(100);
    const claims = await Promise.all(Array.from({ length: 12 }, () => claim("greedy", 9)));
    expect(claims.flat()).toHaveLength(20);
    expect(await claim("greedy")).toEqual([]);
    expect(await held("greedy")).toHaveLength(20);
  });

  it("gets room back from what was released and what has expired", async () => {
    await add(25);
    const [first, second] = idsOf(await claim("one", 20));
    await releaseJobSpec(ctx, { runtime: "one", jobSpecId: first! });
    await expireLease(database.sql, second!);
    expect(new Set(idsOf(await claim("one", 2)))).toEqual(new Set([first, second]));
    expect(await claim("one", 2)).toEqual([]);
  });

  it("takes what has expired in its place by age, with a higher fence", async () => {
    const ids = await add(4);
    const taken = idsOf(await claim("one", 2));
    await expireLease(database.sql, taken[1]!);
    const specs = await claim("two", 2);
    expect(specs.map(({ fence, id }) => [id, fence])).toEqual([
      [ids[1], 2],
      [ids[2], 1],
    ]);
  });

  it("gives back its old place to what is released", async () => {
    const ids = await add(3);
    await claim("one", 1);
    await releaseJobSpec(ctx, { runtime: "one", jobSpecId: ids[0]! });
    expect(idsOf(await claim("two", 3))).toEqual(ids);
  });

  it("takes only what has all the labels", async () => {
    const [linux] = await addJobSpecs(database.sql, [
      { attestation: "linux", labels: { os: "linux", zone: "a" } },
      { attestation: "bsd", labels: { os: "bsd" } },
      { attestation: "none" },
    ]);
    expect(await claim("one", 10, { labels: { os: "linux", zone: "b" } })).toEqual([]);
    expect(idsOf(await claim("one", 10, { labels: { os: "linux" } }))).toEqual([linux]);
    expect(await claim("two", 10, { labels: {} })).toHaveLength(2);
  });

  it("leases for as long as was asked, by the database's clock", async () => {
    await add(1);
    await claim("one", 1, { leaseSeconds: 3_600 });
    const [row] = await database.sql<{ seconds: number }[]>`
      select extract(epoch from lease_expires_at - clock_timestamp())::float8 as seconds
      from fairlead.job_spec_leases`;
    expect(row!.seconds).toBeGreaterThan(3_500);
    expect(row!.seconds).toBeLessThanOrEqual(3_600);
  });

  it("shows the version of the lease, also where a rendering is committed meanwhile", async () => {
    const [id] = await add(1);
    let turns = 0;
    // Whichever of the two comes first, version and content belong together.
    for (; turns < 40; turns += 1) {
      const [specs] = await Promise.all([claim("one", 1), renderAnew(database.sql, id!)]);
      for (const { spec, version } of specs) expect(spec).toEqual({ is: `version ${version}` });
      await database.sql`
        update fairlead.job_spec_leases set runtime = null, lease_expires_at = null`;
    }
    expect(turns).toBe(40);
  });
});

describe("the name of a runtime", () => {
  it("belongs to the key that came first, until that is revoked", async () => {
    const [first, second] = [await insertKey(), await insertKey()];
    await add(4);
    const [spec] = await claim("one", 1, {}, withKey(first));
    const refused = { code: "FORBIDDEN" };
    const other = withKey(second);
    await expect(claim("one", 1, {}, other)).rejects.toMatchObject(refused);
    await expect(heartbeat(other, { runtime: "one", leaseSeconds: 60 })).rejects.toMatchObject(
      refused,
    );
    await expect(listHeld(other, "one")).rejects.toMatchObject(refused);
    const release = { runtime: "one", jobSpecId: spec!.id };
    await expect(releaseJobSpec(other, release)).rejects.toMatchObject(refused);
    expect(await held("one", withKey(first))).toHaveLength(1);

    await revoke(first);
    expect(await claim("one", 1, {}, other)).toHaveLength(1);
    expect(await held("one", other)).toHaveLength(2);
    await revoke(second);
    await heartbeat(withKey(first), { runtime: "one", leaseSeconds: 60 });
    const [row] = await database.sql`select key_id from fairlead.runtimes where id = 'one'`;
    expect(row).toEqual({ key_id: first });
  });

  it("belongs to one of two keys that claim under it at once", async () => {
    const keys = [await insertKey(), await insertKey()];
    await add(4);
    const claims = await Promise.allSettled(keys.map((key) => claim("new", 1, {}, withKey(key))));
    expect(claims.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("is anybody's once the runtime is forgotten, and what it held is free", async () => {
    const [first, second] = [await insertKey(), await insertKey()];
    const ids = await add(2);
    await claim("one", 2, {}, withKey(first));
    const limited = {
      ...withKey(second),
      permissions: permissionsOf([{ role: "runtime", effect: "allow", keys: ["a.*"] }]),
    };
    await expect(forgetRuntime(limited, "one")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await forgetRuntime(withKey(second), "one");
    expect(idsOf(await claim("one", 2, {}, withKey(second)))).toEqual(ids);
    await forgetRuntime({ ...limited, actor: { type: "key", id: second } }, "one");
    await expect(forgetRuntime(ctx, "one")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const rows = await database.sql`
      select detail from fairlead.audit_log where action = 'runtime.forget' order by id`;
    expect(rows).toEqual([
      { detail: { runtime: "one", keyId: first, freed: 2 } },
      { detail: { runtime: "one", keyId: second, freed: 2 } },
    ]);
  });
});

describe("a key whose grants cover some attestations", () => {
  const limitedTo = (...keys: string[]): Ctx => ({
    ...ctx,
    permissions: permissionsOf([
      { role: "runtime", effect: "allow", kinds: ["attestation"], keys },
      { role: "runtime", effect: "deny", keys: ["mine.secret"] },
    ]),
  });

  it("claims those, oldest first, and no other", async () => {
    const ids = await addJobSpecs(
      database.sql,
      ["theirs.1", "mine.2", "mine.secret", "mine.1"].map((attestation, index) => ({
        attestation,
        dueForSeconds: 100 - index,
      })),
    );
    const mine = limitedTo("mine.*");
    expect(idsOf(await claim("one", 1, {}, mine))).toEqual([ids[1]]);
    expect(idsOf(await claim("one", 9, {}, mine))).toEqual([ids[3]]);
    await expireLease(database.sql, ids[1]!);
    expect(idsOf(await claim("one", 9, {}, mine))).toEqual([ids[1]]);
  });

  it("finds them behind thousands of others", async () => {
    await add(2_500);
    const [id] = await addJobSpecs(database.sql, [{ attestation: "mine.last" }]);
    expect(idsOf(await claim("one", 5, {}, limitedTo("mine.*")))).toEqual([id]);
  });

  it("neither keeps nor is shown what a grant no longer covers", async () => {
    const [id, lost] = await addJobSpecs(database.sql, [
      { attestation: "mine.1" },
      { attestation: "lost.1" },
    ]);
    await claim("one", 2, {}, limitedTo("mine.*", "lost.*"));
    const after = limitedTo("mine.*");
    const { jobSpecs } = await heartbeat(after, { runtime: "one", leaseSeconds: 3_600 });
    expect(idsOf(jobSpecs)).toEqual([id]);
    expect(idsOf(await held("one", after))).toEqual([id]);
    const [row] = await database.sql<{ isSoon: boolean }[]>`
      select lease_expires_at < clock_timestamp() + interval '61 seconds' as "isSoon"
      from fairlead.job_spec_leases where job_spec_id = ${lost!}`;
    expect(row).toEqual({ isSoon: true });
  });

  it("is refused where they cover none", async () => {
    const other: Ctx = {
      ...ctx,
      permissions: permissionsOf([{ role: "runtime", effect: "allow", app: "payments" }]),
    };
    await expect(claim("one", 1, {}, other)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("a claim with an Idempotency-Key", () => {
  it("takes once, however often it is sent, also at once", async () => {
    await add(10);
    const caller = withIdempotency(ctx, "once");
    const claims = await Promise.all([1, 2, 3].map(() => claim("one", 3, {}, caller)));
    expect(claims[1]).toEqual(claims[0]);
    expect(claims[2]).toEqual(claims[0]);
    expect(claims[0]).toHaveLength(3);
    const other = withIdempotency(ctx, "once", { requestHash: "another" });
    await expect(claim("one", 4, {}, other)).rejects.toMatchObject({
      code: "IDEMPOTENCY_KEY_REUSED",
    });
  });

  it("takes for one of several bodies that come with the key at once", async () => {
    await add(10);
    const claims = await Promise.allSettled(
      [1, 2, 3, 4].map((limit) =>
        claim(`r-${limit}`, limit, {}, withIdempotency(ctx, "shared", { requestHash: `${limit}` })),
      ),
    );
    const codes = claims.map((answer) =>
      answer.status === "fulfilled" ? "done" : (answer.reason as { code: string }).code,
    );
    const reused = "IDEMPOTENCY_KEY_REUSED";
    expect(codes.toSorted()).toEqual([reused, reused, reused, "done"]);
    const leased = await database.sql`
      select runtime from fairlead.job_spec_leases where runtime is not null`;
    expect(leased).toHaveLength(codes.indexOf("done") + 1);
  });

  it("is answered with what of it is still held, as it is now", async () => {
    const ids = await add(4);
    const caller = withIdempotency(ctx, "later");
    await claim("one", 3, {}, caller);
    await releaseJobSpec(ctx, { runtime: "one", jobSpecId: ids[0]! });
    await claim("two", 1);
    await renderAnew(database.sql, ids[1]!);
    const again = await claim("one", 3, {}, caller);
    expect(new Set(again.map(({ fence, id, version }) => [id, version, fence]))).toEqual(
      new Set([
        [ids[1], 2, 1],
        [ids[2], 1, 1],
      ]),
    );
  });
});

describe("a heartbeat", () => {
  it("prolongs all that is held and has not expired, and lists it", async () => {
    const ids = await add(3);
    await claim("one", 2);
    await claim("two", 1);
    await expireLease(database.sql, ids[1]!);
    const beat = await heartbeat(ctx, { runtime: "one", leaseSeconds: 3_600 });
    expect(beat.jobSpecs).toEqual([
      {
        id: ids[0],
        version: 1,
        fence: 1,
        leaseExpiresAt: beat.leaseExpiresAt,
        dueAt: expect.any(String),
        dueInSeconds: 0,
      },
    ]);
    const rows = await database.sql`
      select job_spec_id as id from fairlead.job_spec_leases
      where lease_expires_at > clock_timestamp() + interval '1000 seconds'`;
    expect(rows).toEqual([{ id: ids[0] }]);
  });

  it("tells of a new version", async () => {
    const [id] = await add(1);
    await claim("one");
    await renderAnew(database.sql, id!);
    const { jobSpecs } = await heartbeat(ctx, { runtime: "one", leaseSeconds: 60 });
    expect(jobSpecs).toMatchObject([{ id, version: 2, fence: 1 }]);
  });

  it("holds nothing under a name that nobody has claimed under", async () => {
    const { jobSpecs } = await heartbeat(ctx, { runtime: "nobody", leaseSeconds: 60 });
    expect(jobSpecs).toEqual([]);
    expect(await database.sql`select from fairlead.runtimes`).toEqual([]);
  });
});

describe("the list of what is held", () => {
  it("has a tag that changes with ids, versions and fences, and with nothing else", async () => {
    const [id] = await add(2);
    const tagOf = async (): Promise<string> => (await listHeld(ctx, "one")).tag;
    const tags = [await tagOf()];
    await claim("one", 1);
    tags.push(await tagOf());
    await heartbeat(ctx, { runtime: "one", leaseSeconds: 3_600 });
    expect(await tagOf()).toBe(tags.at(-1));
    await renderAnew(database.sql, id!);
    tags.push(await tagOf());
    await expireLease(database.sql, id!);
    expect(await tagOf()).toBe(tags[0]);
    await claim("one", 1);
    tags.push(await tagOf());
    expect(new Set(tags).size).toBe(4);
  });
});
