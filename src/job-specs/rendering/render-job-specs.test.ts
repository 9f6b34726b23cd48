import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { consumerState } from "../../../test/helpers/drain.ts";
import {
  putAssessment,
  putAttestation,
  putComponent,
  putControl,
  renderOutstanding,
  storedJobSpecs,
} from "../../../test/helpers/job-specs.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Operation } from "../../changes/change-set.ts";
import type { Ctx } from "../../context.ts";
import { createApp } from "../../environments/create-app.ts";
import { canonicalJson } from "../../platform/canonical-json.ts";
import type { Json, JsonObject } from "../../platform/json.ts";
import { type Envelope, openEnvelope } from "../signing/dsse.ts";
import { listPublicKeys } from "../signing/list-public-keys.ts";
import { payloadType } from "./render-batch.ts";
import { renderJobSpecs } from "./render-job-specs.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  await commit(
    ctx,
    putControl("ac-1"),
    putControl("ac-2"),
    putComponent("web", ["ac-2", "ac-1"]),
    putComponent("db", ["ac-2"]),
    putAssessment("scan", ["web", "db"]),
  );
});

afterEach(() => database.drop());

const about = (...components: string[]) => ({ assessment: "scan", components });
const specs = () => storedJobSpecs(database.sql);
const specOf = async (key: string) => {
  const found = (await specs()).get(key);
  if (found === undefined) throw new Error(`${key} has no job spec`);
  return found;
};

/** Who was rendered by what ran. */
const renderedBy = async (run: () => Promise<unknown>): Promise<string[]> => {
  const before = await specs();
  await run();
  const after = await specs();
  return [...after.values()]
    .filter(
      ({ attestation, renderedRevision }) =>
        before.get(attestation)?.renderedRevision !== renderedRevision,
    )
    .map(({ attestation }) => attestation);
};

const leases = () => database.sql<Record<string, unknown>[]>`
  select
    s.attestation, l.version, l.labels, l.interval_seconds as "intervalSeconds", l.runtime,
    case
      when l.due_at is null then 'never' when l.due_at <= clock_timestamp() then 'now'
      else 'later'
    end as due
  from fairlead.job_spec_leases l join fairlead.job_specs s on s.id = l.job_spec_id
  order by 1`;

/** As after an accepted result. */
const haveRun = (dueInSeconds: number | null) => database.sql`
  update fairlead.job_spec_leases
  set run_count = run_count + 1,
    due_at = clock_timestamp() + make_interval(secs => ${dueInSeconds})`;

describe("a job spec", () => {
  it("is rendered from all that its attestation names, signed, and ready to be leased", async () => {
    await commit(
      ctx,
      putAttestation("patched", {
        ...about("web"),
        labels: { os: "linux" },
        intervalSeconds: 60,
        oscal: { uuid: "x" },
      }),
    );
    await renderOutstanding(database.sql);
    const { hash, id, spec, version } = await specOf("patched");
    expect(version).toBe(1);
    expect(spec).toEqual({
      attestation: { key: "patched", title: "patched", assessment: "scan", components: ["web"] },
      assessment: { key: "scan", title: "scan", components: ["web", "db"] },
      components: [{ key: "web", title: "web", controls: ["ac-2", "ac-1"] }],
      controls: [
        { key: "ac-1", title: "ac-1" },
        { key: "ac-2", title: "ac-2" },
      ],
    });
    const [row] = await database.sql<{ envelope: Envelope }[]>`
      select envelope from fairlead.job_specs`;
    const { keys } = await listPublicKeys(ctx);
    const signed = row && (await openEnvelope(row.envelope, payloadType, keys));
    expect(signed).toBe(canonicalJson({ id, version, attestation: "patched", hash, spec }));
    expect(await leases()).toEqual([
      {
        attestation: "patched",
        version: 1,
        labels: { os: "linux" },
        intervalSeconds: 60,
        runtime: null,
        due: "now",
      },
    ]);
  });

  it("gets a version when its content changes, and none when only what it was made from does", async () => {
    const template = { t: "${components[0].title}" };
    await commit(ctx, putAttestation("a", { ...about("web"), template }));
    await renderOutstanding(database.sql);
    const { hash, id } = await specOf("a");
    await commit(ctx, putComponent("web", ["ac-1"], { description: "not in the template" }));
    expect(await renderedBy(() => renderOutstanding(database.sql))).toEqual(["a"]);
    expect(await specOf("a")).toMatchObject({ id, hash, version: 1 });
    await commit(ctx, putComponent("web", ["ac-1"], { title: "Web" }));
    await renderOutstanding(database.sql);
    expect(await specOf("a")).toMatchObject({ id, version: 2, spec: { t: "Web" } });
  });

  it("is rendered when what it names changes, and only then", async () => {
    await commit(
      ctx,
      putAttestation("of-web", about("web")),
      putAttestation("of-db", about("db")),
      putAttestation("of-none", about()),
    );
    await renderOutstanding(database.sql);
    const touched = async (...operations: Parameters<typeof put>[]) => {
      await commit(ctx, ...operations.map((one) => put(...one)));
      return renderedBy(() => renderOutstanding(database.sql));
    };
    const of = (kind: string) => ({ kind });
    expect(await touched(["ac-1", { title: "x" }, of("control")])).toEqual(["of-web"]);
    expect(await touched(["ac-2", { title: "x" }, of("control")])).toEqual(["of-db", "of-web"]);
    expect(await touched(["db", { title: "x", controls: [] }, of("component")])).toEqual(["of-db"]);
    expect(await touched(["ac-2", { title: "y" }, of("control")])).toEqual(["of-web"]);
    expect(await touched(["free", { title: "x" }, of("control")])).toEqual([]);
    expect(await touched(["scan", 1])).toEqual([]);
    expect(await touched(["scan", { title: "x", components: [] }, of("assessment")])).toEqual([
      "of-db",
      "of-none",
      "of-web",
    ]);
  });

  it("shows the effective configuration of its app and environment", async () => {
    await createApp(ctx, { name: "shop" });
    await createApp(ctx, { name: "other" });
    const template = { size: { $get: "config.size", default: 0 } };
    const at = (app?: string, environment?: string) => ({
      ...about(),
      template,
      ...(app === undefined ? {} : { app }),
      ...(environment === undefined ? {} : { environment }),
    });
    await commit(
      ctx,
      putAttestation("everywhere", at()),
      putAttestation("production", at(undefined, "production")),
      putAttestation("shop", at("shop")),
      putAttestation("shop-production", at("shop", "production")),
    );
    await renderOutstanding(database.sql);
    const touched = async (value: Json, more: JsonObject) => {
      await commit(ctx, put("size", value, more));
      return renderedBy(() => renderOutstanding(database.sql));
    };
    expect(await touched(1, {})).toHaveLength(4);
    expect(await touched(2, { app: "shop" })).toEqual(["shop", "shop-production"]);
    expect(await touched(3, { environment: "production" })).toEqual([
      "production",
      "shop-production",
    ]);
    expect(await touched(4, { app: "shop", environment: "production" })).toEqual([
      "shop-production",
    ]);
    expect(await touched(5, { app: "other", environment: "production" })).toEqual([]);
    const sizes = [...(await specs()).values()].map(({ spec }) => spec);
    expect(sizes).toEqual([{ size: 1 }, { size: 3 }, { size: 2 }, { size: 4 }]);
  });

  it("that cannot be rendered keeps its last version, says why, and recovers", async () => {
    const template = { list: ["${config.needed}"] };
    await commit(ctx, putAttestation("a", { ...about(), template }));
    await renderOutstanding(database.sql);
    const message = "there is no config.needed";
    const failed = { error: message, errorPath: "template.list.0" };
    expect(await specOf("a")).toMatchObject({ version: 0, spec: null, ...failed });
    expect(await leases()).toEqual([]);
    await commit(ctx, put("needed", "x"));
    await renderOutstanding(database.sql);
    const good = { version: 1, spec: { list: ["x"] } };
    expect(await specOf("a")).toMatchObject({ ...good, error: null, errorPath: null });
    await commit(ctx, remove("needed"));
    await renderOutstanding(database.sql);
    expect(await specOf("a")).toMatchObject({ ...good, ...failed });
    expect(await leases()).toMatchObject([{ version: 1, due: "now" }]);
    await commit(ctx, put("needed", "x"));
    await renderOutstanding(database.sql);
    expect(await specOf("a")).toMatchObject({ ...good, error: null });
  });

  it("goes with its attestation, and another one follows where the key is used again", async () => {
    await commit(ctx, putAttestation("a", about("web")), putAttestation("b", about("web")));
    await renderOutstanding(database.sql);
    const { id } = await specOf("a");
    await commit(ctx, remove("a", { kind: "attestation" }));
    await renderOutstanding(database.sql);
    expect([...(await specs()).keys()]).toEqual(["b"]);
    const left = await database.sql`select job_spec_id as id from fairlead.job_spec_leases`;
    expect(left).toEqual([{ id: (await specOf("b")).id }]);
    const made = await database.sql`
      select from fairlead.job_spec_dependencies where attestation = 'a'`;
    expect(made).toHaveLength(0);
    await commit(ctx, putAttestation("a", about("web")));
    await renderOutstanding(database.sql);
    const again = await specOf("a");
    expect(again.version).toBe(1);
    expect(again.id).not.toBe(id);
  });
});

describe("a lease", () => {
  it("takes over labels and interval without a new version", async () => {
    const attestation = (more: JsonObject) => putAttestation("a", { ...about("web"), ...more });
    await commit(ctx, attestation({ labels: { os: "linux" } }));
    await renderOutstanding(database.sql);
    await haveRun(null);
    const after = async (more: JsonObject) => {
      await commit(ctx, attestation(more));
      await renderOutstanding(database.sql);
      return leases();
    };
    const same = { attestation: "a", version: 1, labels: {}, runtime: null };
    expect(await after({ labels: { os: "bsd" } })).toEqual([
      { ...same, labels: { os: "bsd" }, intervalSeconds: null, due: "never" },
    ]);
    expect(await after({ intervalSeconds: 600 })).toEqual([
      { ...same, intervalSeconds: 600, due: "later" },
    ]);
    expect(await after({ intervalSeconds: 700 })).toMatchObject([{ due: "later" }]);
    expect(await after({})).toEqual([{ ...same, intervalSeconds: null, due: "never" }]);
  });

  it("is due at once with a new version, whoever has it, and keeps its place where it was due", async () => {
    await commit(ctx, putAttestation("a", about("web")));
    await renderOutstanding(database.sql);
    const dueAt = async () =>
      (await database.sql`select due_at::text as due from fairlead.job_spec_leases`)[0];
    const first = await dueAt();
    await commit(ctx, putControl("ac-1", { title: "x" }));
    await renderOutstanding(database.sql);
    expect(await dueAt()).toEqual(first);
    await haveRun(null);
    await database.sql`
      update fairlead.job_spec_leases
      set runtime = 'r1', fence = 1, lease_expires_at = clock_timestamp() + interval '1 hour'`;
    await commit(ctx, putControl("ac-1", { title: "y" }));
    await renderOutstanding(database.sql);
    expect(await leases()).toMatchObject([{ version: 3, due: "now", runtime: "r1" }]);
  });
});

describe("those who hold job specs", () => {
  it("are told of versions, failures and removals, and of nothing else", async () => {
    const template = { needed: "${config.needed}", web: "${components[0].title}" };
    await commit(
      ctx,
      put("needed", 1),
      putAttestation("a", { ...about("web"), template }),
      putAttestation("b", about("db")),
    );
    await renderOutstanding(database.sql);
    await database.sql`
      update fairlead.job_spec_leases l
      set runtime = 'holder-of-' || s.attestation, fence = 1,
        lease_expires_at = clock_timestamp() + interval '1 hour'
      from fairlead.job_specs s where s.id = l.job_spec_id`;
    const heard: string[] = [];
    const listening = await database.sql.listen("fairlead_job_specs", (text) => {
      heard.push(text);
    });
    /** What has been said until a word of our own comes back. */
    const saidBy = async (...operations: readonly Operation[]) => {
      await commit(ctx, ...operations);
      await renderOutstanding(database.sql);
      await database.sql`select pg_notify('fairlead_job_specs', 'end')`;
      while (heard.at(-1) !== "end") await new Promise((resume) => setTimeout(resume, 1));
      return heard.splice(0).slice(0, -1);
    };
    expect(await saidBy(put("needed", 2))).toEqual(['["holder-of-a"]']);
    expect(await saidBy(putControl("ac-1", { title: "not shown by a" }))).toEqual([]);
    expect(await saidBy(remove("needed"))).toEqual(['["holder-of-a"]']);
    expect(await saidBy(putComponent("web", [], { description: "fails as before" }))).toEqual([]);
    expect(await saidBy(put("needed", 2))).toEqual(['["holder-of-a"]']);
    expect(await saidBy(remove("b", { kind: "attestation" }))).toEqual(['["holder-of-b"]']);
    await listening.unlisten();
  });
});

describe("the renderer", () => {
  it("renders everything again in a new epoch, and makes no version of it", async () => {
    await commit(ctx, putAttestation("a", about("web")), putAttestation("b", about("db")));
    await renderOutstanding(database.sql);
    const { to } = await newEpoch(database.sql);
    await renderOutstanding(database.sql);
    const rows = await database.sql`
      select version, rendered_epoch as epoch from fairlead.job_specs`;
    const again = { version: 1, epoch: to };
    expect(rows).toEqual([again, again]);
    expect(await consumerState(database.sql, "job-specs")).toMatchObject({ epoch: to });
  });

  it("that was overtaken writes nothing any more", async () => {
    await commit(ctx, putAttestation("a", about("web")));
    await renderOutstanding(database.sql);
    const { epoch, fence, revision } = await consumerState(database.sql, "job-specs");
    const { revision: newest } = await commit(ctx, putControl("ac-1", { title: "x" }));
    const late = renderJobSpecs({
      sql: database.sql,
      fence: fence - 1,
      signal: new AbortController().signal,
      cursor: { epoch, revision },
      newest: { epoch, revision: newest ?? 0 },
    });
    await expect(late).rejects.toThrow("somebody else drains job-specs");
    expect(await specOf("a")).toMatchObject({ version: 1, renderedRevision: revision });
  });

  it("goes on where a first rendering was cut off", async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `a${index}`);
    await commit(ctx, ...keys.map((key) => putAttestation(key, about("web"))));
    await renderOutstanding(database.sql);
    await database.sql`delete from fairlead.job_specs where attestation like 'a1%'`;
    await database.sql`delete from fairlead.job_spec_leases`;
    await database.sql`delete from fairlead.consumers`;
    const { revision } = await commit(ctx, put("unrelated", 1));
    const rendered = await renderedBy(() => renderOutstanding(database.sql));
    expect(rendered).toHaveLength(keys.filter((key) => key.startsWith("a1")).length);
    expect(rendered.every((key) => key.startsWith("a1"))).toBe(true);
    expect(await specOf("a1")).toMatchObject({ renderedRevision: revision });
  });

  it("goes on where a rendering after a change was cut off", async () => {
    const names = ["a1", "a2", "a3"];
    await commit(ctx, ...names.map((key) => putAttestation(key, about("web"))));
    await renderOutstanding(database.sql);
    const { revision } = await commit(ctx, putControl("ac-1", { title: "x" }));
    await database.sql`
      update fairlead.job_specs set rendered_revision = ${revision} where attestation = 'a1'`;
    await commit(ctx, put("unrelated", 1));
    expect(await renderedBy(() => renderOutstanding(database.sql))).toEqual(["a2", "a3"]);
  });

  it("marks what is made from more than it can hold, and renders the others", async () => {
    const large = createTestContext(database.sql, {
      settings: {
        MAX_VALUE_BYTES: String(12 * 1024 * 1024),
        MAX_BODY_BYTES: String(64 * 1024 * 1024),
      },
    });
    const text = "x".repeat(11 * 1024 * 1024);
    for (const key of ["l1", "l2", "l3"]) {
      await commit(large, putComponent(key, [], { properties: { text } }));
    }
    const template = "${components[0].key}";
    await commit(
      large,
      putAttestation("all", { ...about("l1", "l2", "l3"), template }),
      putAttestation("two", { ...about("l1", "l2"), template }),
      putAttestation("small", about("web")),
    );
    await renderOutstanding(database.sql);
    expect(await specOf("all")).toMatchObject({
      version: 0,
      error: "is made from more than 33554432 bytes of definitions or configuration",
    });
    expect(await specOf("two")).toMatchObject({ version: 1, spec: "l1" });
    expect(await specOf("small")).toMatchObject({ version: 1 });
    await commit(large, putComponent("l3", []));
    await renderOutstanding(database.sql);
    expect(await specOf("all")).toMatchObject({ version: 1, spec: "l1", error: null });
  }, 60_000);
});
