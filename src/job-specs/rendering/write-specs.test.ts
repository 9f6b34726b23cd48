import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { consumerState } from "../../../test/helpers/drain.ts";
import {
  putAssessment,
  putAttestation,
  renderOutstanding,
  storedJobSpecs,
} from "../../../test/helpers/job-specs.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { insertWebhook } from "../../../test/helpers/webhooks/dispatching.ts";
import type { Ctx } from "../../context.ts";
import { readBatch } from "./read-batch.ts";
import { writeSpecs } from "./write-specs.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  const about = { assessment: "scan", components: [], template: "${config.needed}" };
  await insertWebhook(database.sql, { events: ["dev.fairlead.jobspec.*"] });
  await commit(ctx, put("needed", 1), putAssessment("scan", []), putAttestation("a", about));
  await renderOutstanding(database.sql);
});

afterEach(() => database.drop());

/** Until some connection to the database waits for a lock. */
const somebodyWaits = async (): Promise<void> => {
  for (;;) {
    const waiting = await database.sql`
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`;
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

describe("writing job specs", () => {
  it("holds no lease while it waits for a webhook", async () => {
    const { sql } = database;
    await commit(ctx, put("needed", 2));
    let rendering: Promise<unknown> = Promise.resolve();
    await sql.begin(async (tx) => {
      await tx`select from fairlead.webhook_lanes for no key update`;
      rendering = renderOutstanding(sql);
      await somebodyWaits();
      await sql`select from fairlead.job_spec_leases for update nowait`;
    });
    await rendering;
    expect((await storedJobSpecs(sql)).get("a")?.version).toBe(2);
  });

  it("tells nobody that a spec is removed where somebody newer has made it again", async () => {
    const { sql } = database;
    const { fence } = await consumerState(sql, "job-specs");
    const told = () => sql`select body from fairlead.webhook_deliveries order by sequence`;
    const before = await told();
    const { point, stored } = await sql.begin((tx) => readBatch(tx, ["a"]));
    const gone = {
      attestation: "a",
      stored: stored.get("a"),
      change: { to: "gone" },
      dependencies: [],
      labels: {},
      intervalSeconds: null,
      bytes: 0,
    } as const;
    const older = { ...point, revision: point.revision - 1 };
    await writeSpecs(sql, { fence, point: older, specs: [gone] });
    expect(await told()).toEqual(before);
    expect((await storedJobSpecs(sql)).has("a")).toBe(true);
    expect(await sql`select version from fairlead.job_spec_leases`).toEqual([{ version: 1 }]);
    await writeSpecs(sql, { fence, point, specs: [gone] });
    expect(await told()).toHaveLength(before.length + 1);
    expect(await sql`select version from fairlead.job_spec_leases`).toEqual([]);
  });
});
