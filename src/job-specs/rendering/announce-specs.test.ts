import { afterAll, beforeAll, expect, it } from "vitest";
import { insertKey } from "../../../test/helpers/access-rows.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  putAssessment,
  putAttestation,
  renderOutstanding,
  storedJobSpecs,
} from "../../../test/helpers/job-specs.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { insertWebhook } from "../../../test/helpers/webhooks/dispatching.ts";
import type { Grant } from "../../permissions/grant.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const toldTo = async (webhookId: string) => {
  const rows = await database.sql<{ body: string }[]>`
    select body from fairlead.webhook_deliveries where webhook_id = ${webhookId}
    order by sequence`;
  return rows.map(({ body }) => (JSON.parse(body) as { data: object }).data);
};

it("webhooks are told of versions, failures, recoveries and removals of job specs whose attestation may be read", async () => {
  const { sql } = database;
  const ctx = createTestContext(sql);
  const events = ["dev.fairlead.jobspec.*"];
  const grants: Grant[] = [{ role: "viewer", effect: "allow", kinds: ["config"] }];
  const id = await insertWebhook(sql, { events });
  const limited = await insertWebhook(sql, {
    events,
    owner: (await insertKey(sql, { grants })).id,
  });
  const elsewhere = await insertWebhook(sql, { events, prefix: "another" });
  const about = { assessment: "scan", components: [], template: "${config.needed}" };
  await commit(
    ctx,
    put("needed", "a"),
    putAssessment("scan", []),
    putAttestation("nightly", about),
  );
  await renderOutstanding(sql);
  const jobSpecId = (await storedJobSpecs(sql)).get("nightly")?.id;
  await commit(ctx, put("needed", "b"));
  await renderOutstanding(sql);
  await commit(ctx, remove("needed"));
  await renderOutstanding(sql);
  await commit(ctx, put("other", 1), putAttestation("nightly", { ...about, labels: { a: "b" } }));
  await renderOutstanding(sql);
  // The same reason at another place, and then what there was before it failed.
  await commit(ctx, putAttestation("nightly", { ...about, template: ["${config.needed}"] }));
  await renderOutstanding(sql);
  await commit(ctx, put("needed", "b"), putAttestation("nightly", about));
  await renderOutstanding(sql);
  await commit(ctx, put("other", 2));
  await renderOutstanding(sql);
  await commit(ctx, remove("nightly", { kind: "attestation" }));
  await renderOutstanding(sql);
  const said = { jobSpecId, attestation: "nightly" };
  expect(await toldTo(id)).toEqual([
    { change: "version", version: 1, ...said },
    { change: "version", version: 2, ...said },
    { change: "failed", version: 2, ...said },
    { change: "failed", version: 2, ...said },
    { change: "recovered", version: 2, ...said },
    { change: "removed", version: 2, ...said },
  ]);
  expect(await toldTo(limited)).toEqual([]);
  expect(await toldTo(elsewhere)).toEqual([]);
});
