import { describe, expect, it } from "vitest";
import { Problem } from "../errors.ts";
import { problemInWordsOfConfig } from "./in-words-of-config.ts";

describe("a problem of a change set in words of the map that was sent", () => {
  it("names keys in place of operations", () => {
    const errors = [
      { path: "operations.1.value.size", message: "must be an integer" },
      { path: "operations.0.key", message: "is not there" },
      { path: "operations.0.app", message: "is not known" },
      { path: "operations", message: "are too many" },
    ];
    const problem = new Problem("UNPROCESSABLE", "operations.1.value.size: …", { errors });
    const told = problemInWordsOfConfig(problem, ["db.host", "db.pool"]);
    expect(told.errors.map(({ path }) => path)).toEqual([
      "db.pool.size",
      "db.host",
      "service",
      "operations",
    ]);
    expect(told.message).toBe("db.pool.size: must be an integer");
  });

  it.each([true, false])("stays a refusal for the audit log where it was one: %s", (isRefusal) => {
    const told = problemInWordsOfConfig(new Problem("NOT_FOUND", "no", { isRefusal }), []);
    expect(told).toMatchObject({ code: "NOT_FOUND", isRefusal });
  });
});
