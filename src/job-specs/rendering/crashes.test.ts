import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { expireLease } from "../../../test/helpers/drain.ts";
import {
  putAssessment,
  putAttestation,
  putComponent,
  putControl,
  renderOutstanding,
  storedJobSpecs,
} from "../../../test/helpers/job-specs.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { connectSql, type Sql, type Tx } from "../../platform/sql.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterEach(() => database.drop());

const doomedName = "doomed-renderer";

/** A handle whose connections PostgreSQL ends before the nth statement; a commit counts as one. */
const doomedHandle = (fatal: number) => {
  let count = 0;
  const sql = connectSql(database.url, { max: 2, name: doomedName });
  const strike = async (): Promise<void> => {
    count += 1;
    if (count !== fatal) return;
    await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = ${doomedName} and datname = current_database()`;
  };
  const watch = <Handle extends Sql | Tx>(handle: Handle): Handle =>
    new Proxy(handle, {
      apply(target, _this, parameters: never[]) {
        const query = (target as unknown as (...given: never[]) => Promise<unknown>)(...parameters);
        if (!(query instanceof Promise)) return query;
        const waitFor = query.then.bind(query);
        // A fragment is never waited for; what is, runs.
        Reflect.set(query, "then", (...handlers: Parameters<typeof waitFor>) =>
          strike().then(() => waitFor(...handlers)),
        );
        return query;
      },
      get(target, name) {
        if (name !== "begin") return Reflect.get(target, name) as unknown;
        return (mode: string, body: (tx: Tx) => Promise<unknown>) =>
          (target as Sql).begin(mode, async (tx) => {
            const result = await body(watch(tx as unknown as Tx));
            await strike();
            return result;
          });
      },
    });
  return { sql: watch(sql), hasStruck: () => count >= fatal, end: () => sql.end({ timeout: 0 }) };
};

/** Everything that was written of all specs, but for when. */
const everything = (sql: Sql) => sql<Record<string, unknown>[]>`
  select
    s.attestation, s.id, s.version, s.hash, s.error, l.version as leased, l.labels,
    (
      select json_agg(json_build_array(kind, app, environment, key) order by kind, key)
      from fairlead.job_spec_dependencies d where d.attestation = s.attestation
    ) as dependencies
  from fairlead.job_specs s
  left join fairlead.job_spec_leases l on l.job_spec_id = s.id
  order by 1`;

/** Renders all anew, as if nothing had been rendered before. */
const renderAllAnew = async (sql: Sql): Promise<void> => {
  await sql`update fairlead.job_specs set rendered_epoch = ''`;
  await sql`update fairlead.consumers set revision = 0 where name = 'job-specs'`;
  await renderOutstanding(sql, "anew");
};

const about = (...components: string[]) => ({ assessment: "scan", components });

/** One change of each sort: a new version, only labels, an error, one that goes and one that comes. */
const changeAll = (round: number) =>
  commit(
    ctx,
    putControl("c", { round }),
    putAttestation("labels", { ...about(), labels: { round: String(round) } }),
    round % 2 === 0 ? put("needed", round) : remove("needed"),
    remove(`passing-${round - 1}`, { kind: "attestation" }),
    putAttestation(`passing-${round}`, about("web")),
  );

describe("a renderer that dies at any statement", () => {
  it("leaves nothing half done: the next one brings everything right, each version once", async () => {
    const { sql } = database;
    await commit(
      ctx,
      put("needed", 0),
      putControl("c"),
      putComponent("web", ["c"]),
      putAssessment("scan", ["web"]),
      putAttestation("versions", about("web")),
      putAttestation("labels", about()),
      putAttestation("fails", { ...about(), template: "${config.needed}" }),
      putAttestation("passing-0", about()),
    );
    await renderOutstanding(sql);
    let round = 0;
    for (let isDone = false; !isDone; ) {
      round += 1;
      const before = (await storedJobSpecs(sql)).get("versions")?.version ?? 0;
      await changeAll(round);
      const doomed = doomedHandle(round);
      await renderOutstanding(doomed.sql, "doomed").catch(() => {});
      isDone = !doomed.hasStruck();
      await doomed.end();
      await expireLease(sql, "job-specs");
      await renderOutstanding(sql, "next");
      const specs = await storedJobSpecs(sql);
      expect(specs.get("versions")?.version).toBe(before + 1);
      expect([...specs.keys()]).toEqual(["fails", "labels", `passing-${round}`, "versions"]);
      expect(specs.get("fails")?.error === null).toBe(round % 2 === 0);
      const rows = await everything(sql);
      await renderAllAnew(sql);
      expect(await everything(sql)).toEqual(rows);
      const orphans = await sql`
        select job_spec_id from fairlead.job_spec_leases
        where job_spec_id not in (select id from fairlead.job_specs)`;
      expect(orphans).toHaveLength(0);
    }
    // It has died within both transactions, and outside of them.
    expect(round).toBeGreaterThan(18);
  }, 120_000);
});
