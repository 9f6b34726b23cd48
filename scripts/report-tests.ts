/** Prints one line, `N passed, N failed`, from the report of the last test run; fails where a test failed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const report = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

const path = join(import.meta.dirname, "../test-report.json");
const text = await readFile(path, "utf8").catch((cause: unknown) => {
  throw new Error("There is no test-report.json: the run broke before it wrote one", { cause });
});
const { success, numPassedTests, numFailedTests, testResults } = report.parse(JSON.parse(text));

// A file that cannot even be loaded has no tests that could fail.
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
).length;

console.log(`${numPassedTests} passed, ${numFailedTests + brokenFiles} failed`);
if (!success) process.exitCode = 1;
