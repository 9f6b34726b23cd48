import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,workers,scripts,test}/**/*.test.ts"],
    globalSetup: ["test/helpers/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ["default", ["json", { outputFile: "test-report.json" }]],
  },
});
