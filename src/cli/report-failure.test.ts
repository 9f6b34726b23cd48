import { describe, expect, it } from "vitest";
import { startFakeServer } from "./testing/fake-server.ts";
import { runCaptured } from "./testing/run-captured.ts";

const conflict = {
  type: "https://errors.test/CONFLICT",
  title: "The state has moved on",
  status: 409,
  detail: "An entry has another version.",
  code: "CONFLICT",
  requestId: "req-1",
  errors: [
    { path: "operations.0.value", message: "is too large" },
    { path: "", message: "on the whole" },
  ],
  conflicts: [
    { path: "operations.0", currentVersion: 5, currentRevision: 41, currentValue: { size: 30 } },
  ],
};

const refused = () => startFakeServer(() => ({ status: 409, body: conflict }));

describe("a failure for people", () => {
  it("says one thing once, and makes a relative page absolute", async () => {
    const body = {
      type: "/docs/errors/NOT_FOUND",
      title: "Not found",
      detail: 'environment: there is no environment "x"',
      errors: [{ path: "environment", message: 'there is no environment "x"' }],
    };
    await using server = await startFakeServer(() => ({ status: 404, body }));
    const { stderr } = await runCaptured(["apps"], server);
    expect(stderr).toBe(
      `error: Not found: environment: there is no environment "x"\n  (see ${server.url}/docs/errors/NOT_FOUND)\n`,
    );
  });

  it("tells the detail, each place, the current state of conflicts and where to read on", async () => {
    await using server = await refused();
    const { stdout, stderr } = await runCaptured(["set", "a", "1"], server);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      [
        "error: The state has moved on: An entry has another version.",
        "  operations.0.value: is too large",
        "  on the whole",
        "  (see https://errors.test/CONFLICT; request id req-1)",
        "PLACE         CURRENT VERSION  CURRENT REVISION  CURRENT VALUE",
        'operations.0                5                41  {"size":30}',
        "",
      ].join("\n"),
    );
  });

  it("names the option that lets a large change through", async () => {
    const body = { title: "Too large a change", status: 422, code: "LARGE_CHANGE" };
    await using server = await startFakeServer(() => ({ status: 422, body }));
    const { stderr, exitCode } = await runCaptured(["delete", "a"], server);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("--allow-large-change");
  });
});

describe("a failure with --json", () => {
  it("is the server's problem document, alone on standard error", async () => {
    await using server = await refused();
    const { stdout, stderr } = await runCaptured(["--json", "set", "a", "1"], server);
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toEqual(conflict);
  });

  it("has the same form for failures on this side", async () => {
    const usage = await runCaptured(["get", "--json"]);
    expect(JSON.parse(usage.stderr)).toMatchObject({ title: "Wrong usage", code: "USAGE" });
    const unknown = await runCaptured(["get", "a", "--json", "--wrong"]);
    expect(JSON.parse(unknown.stderr)).toMatchObject({ code: "USAGE" });
    const place = await runCaptured(["apps", "--json", "--url", "http://127.0.0.1:1"]);
    expect(JSON.parse(place.stderr)).toMatchObject({ code: "UNREACHABLE" });
  });
});
