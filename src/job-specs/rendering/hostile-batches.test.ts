import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commit, put } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import {
  putAssessment,
  putAttestation,
  renderOutstanding,
  storedJobSpecs,
} from "../../../test/helpers/job-specs.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { createApp } from "../../environments/create-app.ts";
import { templateLimits } from "../template/limits.ts";
import { readBatch } from "./read-batch.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeEach(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  await createApp(ctx, { name: "shop" });
  await commit(ctx, put("last", "found"), putAssessment("scan", []));
});

afterEach(() => database.drop());

const about = { assessment: "scan", components: [], app: "shop", environment: "production" };

/** Looks up as many keys, which no other attestation does. */
const lookingUp = (name: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `\${config.${name}-${index}}`).join("");

describe("attestations that look up a lot", () => {
  it("are not read together, and each is rendered, and so are those beside them", async () => {
    const { sql } = database;
    const names = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const template = (name: string) => [
      ...Array.from({ length: templateLimits.configKeys - 1 }, (_, index) => ({
        $get: `config.${name}-${index}`,
        default: 0,
      })),
      "${config.last}",
    ];
    await commit(
      ctx,
      ...names.map((key) => putAttestation(key, { ...about, template: template(key) })),
      putAttestation("innocent", { ...about, template: "${config.last}" }),
    );
    const read = (some: readonly string[]) => sql.begin((tx) => readBatch(tx, some));
    expect((await read(names)).sourcesOf).toBeUndefined();
    for (const some of [names.slice(0, 4), names.slice(0, 1)]) {
      expect((await read(some)).sourcesOf).toBeDefined();
    }
    await renderOutstanding(sql);
    const specs = await storedJobSpecs(sql);
    expect(specs.get("innocent")).toMatchObject({ version: 1, spec: "found" });
    for (const name of names) expect(specs.get(name)?.version).toBe(1);
    const [made] = await sql`
      select count(*) from fairlead.job_spec_dependencies where kind = 'config' and key like 'p0-%'`;
    expect(made).toEqual({ count: templateLimits.configKeys - 1 });
  }, 60_000);

  it("are marked where they were stored before there was a limit", async () => {
    const { sql } = database;
    await commit(ctx, putAttestation("old", { ...about, template: "${config.last}" }));
    const template = JSON.stringify(lookingUp("old", 16_500));
    await sql`
      update fairlead.entries
      set value = jsonb_set(value::jsonb, '{template}', ${template}::text::jsonb)
      where kind = 'attestation'`;
    await renderOutstanding(sql);
    expect((await storedJobSpecs(sql)).get("old")).toMatchObject({
      version: 0,
      errorPath: "template",
      error: `names more than ${templateLimits.configKeys} keys of configuration`,
    });
  });
});
