import { defineConfig } from "vitest/config";

const architecture = "test/architecture.test.ts";

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: "test-report.json" }]],
    projects: [
      {
        test: {
          name: "behaviour",
          include: ["{src,workers,scripts,test,bench}/**/*.test.ts"],
          exclude: [architecture],
          globalSetup: ["test/helpers/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // Reads the source only, so that `npm run verify` needs no database.
      { test: { name: "architecture", include: [architecture] } },
    ],
  },
});
