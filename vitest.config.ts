import { defineConfig } from "vitest/config";

const architecture = "test/architecture.test.ts";
const heavy = "test/{faults/{history,history-bugs,many-streams},job-specs/many-runtimes}.test.ts";

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: "test-report.json" }]],
    projects: [
      {
        test: {
          name: "behaviour",
          include: ["{src,workers,scripts,test,bench}/**/*.test.ts"],
          exclude: [architecture, heavy],
          globalSetup: ["test/helpers/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // Whole deployments that take all processors: after the others, so that those are not held up.
      {
        test: {
          name: "faults",
          include: [heavy],
          globalSetup: ["test/helpers/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      // Reads the source only, so that `npm run verify` needs no database.
      { test: { name: "architecture", include: [architecture] } },
    ],
  },
});
