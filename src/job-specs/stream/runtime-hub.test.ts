import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  addJobSpecs,
  expireLease,
  removeJobSpec,
  renderAnew,
} from "../../../test/helpers/job-spec-rows.ts";
import {
  type RecordingOutlet,
  recordOutlet,
} from "../../../test/helpers/streams/recording-outlet.ts";
import { createTestContext, permissionsOf } from "../../../test/helpers/test-context.ts";
import { createApiKey } from "../../access/api-keys/create-api-key.ts";
import { revokeApiKey } from "../../access/api-keys/revoke-api-key.ts";
import { createAccessStore } from "../../access/store/access-store.ts";
import type { Ctx } from "../../context.ts";
import type { Grant } from "../../permissions/grant.ts";
import { maxBufferedBytes } from "../../streams/hub-state.ts";
import { turns } from "../../streams/subscribers.ts";
import { claimJobSpecs } from "../leases/claim-job-specs.ts";
import { forgetRuntime } from "../leases/forget-runtime.ts";
import { createRuntimeHub, type RuntimeStreamHub } from "./runtime-hub.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let hub: RuntimeStreamHub;

const access = createAccessStore({
  bootstrapKey: "the-key-of-the-administrator",
  stalenessMs: 300_000,
  confirmAfterMs: 0,
});

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.sql`
    truncate fairlead.job_specs, fairlead.job_spec_leases, fairlead.runtimes`;
  ctx = createTestContext(database.sql);
  hub = createRuntimeHub({ access, maxStreams: 100, maxStreamsPerKey: 3 });
});

const look = (...runtimes: string[]): Promise<unknown> =>
  hub.lookOnce(database.sql, runtimes.length === 0 ? undefined : new Set(runtimes));

const open = (runtime: string, grants?: readonly Grant[]): RecordingOutlet => {
  const outlet = recordOutlet();
  const identity = grants === undefined ? ctx : { ...ctx, permissions: permissionsOf(grants) };
  hub.open({ identity, runtime }, outlet);
  return outlet;
};

const claim = (runtime: string, limit: number) =>
  claimJobSpecs(ctx, { runtime, limit, leaseSeconds: 60 });

/** They were rendered long ago. */
const age = () => database.sql`
  update fairlead.job_specs set changed_at = changed_at - interval '1 hour'`;

/** What a client was told, without what all events have. */
const told = (client: RecordingOutlet): unknown[] =>
  client.events().map(({ data, event }) => (event === "jobspec" ? dataOf(data) : event));

const dataOf = (document: unknown): unknown => (document as { data: unknown }).data;

/** A runtime that holds as many specs, and knows. */
const holding = async (runtime: string, count: number) => {
  const names = Array.from({ length: count }, (_, index) => ({ attestation: `a.${index}` }));
  await addJobSpecs(database.sql, names);
  await age();
  const { jobSpecs } = await claim(runtime, count);
  const client = open(runtime);
  await look();
  return { client, specs: jobSpecs };
};

const fail = (id: string, error: string, path: string) => database.sql`
  update fairlead.job_specs set error = ${error}, error_path = ${path}, error_at = now()
  where id = ${id}`;

const recover = (id: string) => database.sql`
  update fairlead.job_specs set error = null, error_path = null, error_at = null where id = ${id}`;

describe("the stream of a runtime", () => {
  it("begins with a reset once it is known what is held, and tells of nothing else then", async () => {
    const { client } = await holding("one", 3);
    await look();
    expect(client.received[0]).toMatchObject({ retry: expect.any(Number) });
    expect(told(client)).toEqual(["reset"]);
  });

  it("tells of a new version, and of no other spec", async () => {
    const { client, specs } = await holding("one", 2);
    const { attestation = "", id = "" } = specs[1] ?? {};
    await renderAnew(database.sql, id);
    await look("one");
    await look("one");
    const data = { change: "changed", jobSpecId: id, attestation, version: 2, fence: 1 };
    expect(told(client)).toEqual(["reset", data]);
    expect(client.events()[1]?.data).toMatchObject({
      specversion: "1.0",
      id: client.events()[1]?.id,
      source: "/fairlead",
      type: "dev.fairlead.jobspec.v1",
      datacontenttype: "application/json",
    });
  });

  it("tells once of many versions in between", async () => {
    const { client, specs } = await holding("one", 1);
    const id = specs[0]?.id ?? "";
    for (let count = 0; count < 3; count += 1) await renderAnew(database.sql, id);
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "changed", version: 4 }]);
  });

  it("tells of what is taken: the lease has ended, somebody else has it, or it was freed", async () => {
    const { client, specs } = await holding("one", 1);
    const [spec] = specs;
    await expireLease(database.sql, spec?.id ?? "");
    await look();
    await claim("two", 1);
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "taken", fence: 1 }]);
    const other = open("two");
    await look();
    await forgetRuntime(ctx, "two");
    await look();
    expect(told(other).slice(1)).toMatchObject([{ change: "taken", fence: 2 }]);
  });

  it("tells a lease from the one before under the same name", async () => {
    const { client, specs } = await holding("one", 1);
    await expireLease(database.sql, specs[0]?.id ?? "");
    await claim("one", 1);
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "taken", fence: 2 }]);
  });

  it("tells of what is removed", async () => {
    const { client, specs } = await holding("one", 2);
    const id = specs[0]?.id ?? "";
    await removeJobSpec(database.sql, id);
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "removed", jobSpecId: id, fence: 1 }]);
  });

  it("tells of what cannot be rendered, once for each reason", async () => {
    const { client, specs } = await holding("one", 2);
    const id = specs[0]?.id ?? "";
    for (const [error, path] of [
      ["no such key", "a"],
      ["no such key", "a"],
      ["no such key", "b"],
      ["too large", "b"],
    ] as const) {
      await fail(id, error, path);
      await look();
    }
    const failed = { change: "failed", jobSpecId: id, version: 1 };
    expect(told(client).slice(1)).toMatchObject([failed, failed, failed]);
  });

  it("tells of what can be rendered again and is as it was, once", async () => {
    const { client, specs } = await holding("one", 2);
    const id = specs[0]?.id ?? "";
    await fail(id, "no such key", "a");
    await look();
    await recover(id);
    await look();
    await look();
    expect(told(client).slice(1)).toMatchObject([
      { change: "failed", jobSpecId: id, version: 1 },
      { change: "changed", jobSpecId: id, version: 1, fence: 1 },
    ]);
    await fail(id, "no such key", "a");
    await look();
    await recover(id);
    await renderAnew(database.sql, id);
    await look();
    expect(told(client).slice(3)).toMatchObject([
      { change: "failed" },
      { change: "changed", version: 2 },
    ]);
  });

  it("says nothing of what the runtime has just claimed, unless the version may have changed meanwhile", async () => {
    const { client } = await holding("one", 1);
    await addJobSpecs(database.sql, [{ attestation: "old" }]);
    await age();
    await claim("one", 1);
    await look();
    expect(told(client)).toEqual(["reset"]);
    const [id = ""] = await addJobSpecs(database.sql, [{ attestation: "new" }]);
    await claim("one", 1);
    await renderAnew(database.sql, id);
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "changed", version: 2 }]);
  });

  it("has a client read anew where there is too much to tell", async () => {
    const { client, specs } = await holding("one", 201);
    for (const { id } of specs) await renderAnew(database.sql, id);
    await look();
    expect(client.events().slice(1)).toMatchObject([
      { event: "reset", data: { reason: "many-changes" } },
    ]);
  });

  it("tells nobody of others' specs, nor of attestations that a grant does not cover", async () => {
    await addJobSpecs(database.sql, [{ attestation: "a.seen" }, { attestation: "b.hidden" }]);
    const { jobSpecs } = await claim("one", 2);
    const grants: readonly Grant[] = [{ role: "runtime", effect: "allow", keys: ["a.*"] }];
    const [limited, other] = [open("one", grants), open("two")];
    await look();
    for (const { id } of jobSpecs) await renderAnew(database.sql, id);
    await look();
    expect(told(limited).slice(1)).toMatchObject([{ attestation: "a.seen" }]);
    expect(told(other)).toEqual(["reset"]);
  });

  it("tells a key nothing more of a name that has become another key's", async () => {
    const client = open("one");
    await look();
    const other = { ...ctx, actor: { type: "key", id: "another-key" } } as const;
    const [id = ""] = await addJobSpecs(database.sql, [{ attestation: "a" }]);
    await claimJobSpecs(other, { runtime: "one", limit: 1, leaseSeconds: 60 });
    await renderAnew(database.sql, id);
    await look();
    expect(told(client)).toEqual(["reset"]);
  });

  it("loses nothing while the database is away", async () => {
    const { client, specs } = await holding("one", 1);
    await renderAnew(database.sql, specs[0]?.id ?? "");
    const away = createTestContext(database.sql).sql;
    const broken = new Proxy(away, { apply: () => Promise.reject(new Error("away")) });
    await expect(hub.lookOnce(broken)).rejects.toThrow("away");
    for (let turn = 0; turn < turns; turn += 1) hub.beatOnce();
    expect(client.received.at(-1)).toEqual({ id: client.events().at(-1)?.id });
    await look();
    expect(told(client).slice(1)).toMatchObject([{ change: "changed", version: 2 }]);
  });
});

describe("the streams of runtimes", () => {
  it("are as many for a key as it may have", () => {
    for (const name of ["one", "two", "three"]) open(name);
    expect(() => hub.admit(ctx)).toThrow(expect.objectContaining({ code: "RATE_LIMITED" }));
  });

  it("end for who takes too little, and go on for others", async () => {
    const { client: slow, specs } = await holding("one", 1);
    const quick = open("one");
    await look();
    slow.waitingBytes = maxBufferedBytes + 1;
    await renderAnew(database.sql, specs[0]?.id ?? "");
    await look();
    expect([slow.endedWith, quick.endedWith]).toEqual(["destroyed", undefined]);
    expect(hub.figures()).toEqual({ streams: 1, dropped: 1 });
  });

  it("end when their key is revoked, and others' go on", async () => {
    const grants = [{ role: "runtime", effect: "allow" }] as const;
    const { id } = await createApiKey(ctx, {
      name: "runtime",
      grants,
      defaults: ctx.defaults,
      expiresAt: null,
    });
    const keyOf = (keyId: string): Ctx => ({
      ...ctx,
      actor: { type: "key", id: keyId },
      permissions: permissionsOf(grants),
    });
    const client = recordOutlet();
    hub.open({ identity: keyOf(id), runtime: "one" }, client);
    await hub.recheckOnce(database.sql);
    expect(client.endedWith).toBeUndefined();
    await revokeApiKey(ctx, id);
    expect(await hub.recheckOnce(database.sql)).toEqual({ ended: 1 });
    expect(client.events()).toMatchObject([{ event: "close", data: { reason: "key-ended" } }]);
  });

  it("are told to come back when the process stops", async () => {
    const client = open("one");
    await hub.stop();
    expect(client.events()).toMatchObject([{ event: "close", data: { reason: "stopping" } }]);
    expect(client.endedWith).toBe(1012);
    expect(() => hub.admit(ctx)).toThrow(expect.objectContaining({ code: "UNAVAILABLE" }));
  });
});
