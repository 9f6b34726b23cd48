import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commit } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { effort } from "../../../test/helpers/effort.ts";
import { renderOutstanding, storedJobSpecs } from "../../../test/helpers/job-specs.ts";
import { createPlainGraph, graphOperations } from "../../../test/helpers/plain-graph.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { createApp } from "../../environments/create-app.ts";
import { Problem } from "../../errors.ts";

const round = fc.record({
  changeSets: fc.array(graphOperations, { minLength: 1, maxLength: 3 }),
});

describe("any graph under any changes", () => {
  it("has the job specs of a full rendering, of which only the touched ones were rendered", async () => {
    let committed = 0;
    let rendered = 0;
    let spared = 0;
    const property = fc.asyncProperty(
      fc.array(round, { minLength: 4, maxLength: 12 }),
      async (rounds) => {
        const database = await createTestDatabase();
        try {
          const ctx = createTestContext(database.sql);
          await createApp(ctx, { name: "shop" });
          const graph = createPlainGraph();
          for (const { changeSets } of rounds) {
            const touched = new Set<string>();
            for (const operations of changeSets) {
              try {
                const { changes } = await commit(ctx, ...operations);
                for (const name of graph.touchedBy(changes)) touched.add(name);
                graph.apply(operations);
                committed += 1;
              } catch (error) {
                if (!(error instanceof Problem)) throw error;
              }
            }
            const before = await storedJobSpecs(database.sql);
            await renderOutstanding(database.sql);
            const after = await storedJobSpecs(database.sql);
            const expected = graph.renderAll();
            expect([...after.values()].map(shownOf)).toEqual(expected);
            const wasRendered = [...after.values()]
              .filter(
                ({ attestation, renderedRevision }) =>
                  before.get(attestation)?.renderedRevision !== renderedRevision,
              )
              .map(({ attestation }) => attestation);
            const live = [...touched].filter((name) => after.has(name)).sort();
            expect(wasRendered).toEqual(live);
            rendered += wasRendered.length;
            spared += after.size - wasRendered.length;
          }
        } finally {
          await database.drop();
        }
      },
    );
    await fc.assert(property, { numRuns: 12 * effort, endOnFailure: true });
    // What was proved was no empty store.
    expect(Math.min(committed, rendered, spared)).toBeGreaterThan(20);
  }, 300_000);
});

interface Shown {
  readonly attestation: string;
  readonly version: number;
  readonly spec: unknown;
  readonly error: string | null;
}

const shownOf = ({ attestation, error, spec, version }: Shown): Shown => ({
  attestation,
  version,
  spec,
  error,
});
