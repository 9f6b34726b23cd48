import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type FakeJobSpecServer, startFakeJobSpecs } from "../testing/fake-job-specs.ts";
import { type Captured, runCaptured } from "../testing/run-captured.ts";
import { temporaryFiles } from "../testing/temporary-files.ts";

const node = process.execPath;
const script = (text: string): object => ({ command: [node, "-e", text] });

/** Waits for a file, says that it has begun, and answers what it got. */
const plugins = {
  default: script(`let text = ""; process.stdin.on("data", (d) => (text += d)).on("end", () =>
    console.log(JSON.stringify({ got: JSON.parse(text) })))`),
  fails: script(`console.log("not good"); process.exitCode = 1`),
  breaks: script(`console.error("no disk"); process.exitCode = 3`),
  floods: script(`process.stdout.write("x".repeat(1_000_000))`),
  environment: {
    command: [node, "-e", `console.log(JSON.stringify(Object.keys(process.env).sort()))`],
    env: ["REGION"],
  },
  slow: { command: ["/bin/sh", "-c", "sleep 300 & echo $! > child; touch begun; wait"] },
  late: { command: ["/bin/sh", "-c", "sleep 300"], timeoutSeconds: 0.2 },
  absent: { command: ["/nonexistent/command"] },
  counts: { command: ["/bin/sh", "-c", "echo run >> runs"] },
};

interface Running {
  readonly cwd: string;
  readonly ended: Promise<Captured>;
  /** As an interrupt does. */
  readonly stop: () => Promise<Captured>;
}

/** Runs the command in a folder with the plugins, for as long as `use` takes. */
const withRuntime = async (
  server: FakeJobSpecServer,
  argv: readonly string[],
  use: (running: Running) => Promise<void>,
): Promise<Captured> => {
  await using files = await temporaryFiles({ "plugins.json": JSON.stringify(plugins) });
  const { cwd } = files;
  let interrupt = (): void => {};
  const ended = runCaptured(["runtime", "--id", "one", "--plugins", "plugins.json", ...argv], {
    url: server.url,
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd, REGION: "north", SECRET: "hidden" },
    onStop(listener) {
      interrupt = listener;
      return () => {};
    },
  });
  const stop = (): Promise<Captured> => {
    interrupt();
    return ended;
  };
  await use({ cwd, ended, stop });
  return stop();
};

const runOnce = (server: FakeJobSpecServer, ...argv: string[]): Promise<Captured> =>
  withRuntime(server, ["--once", ...argv], async ({ ended }) => void (await ended));

const waitForFile = async (path: string): Promise<void> => {
  while (!existsSync(path)) await sleep(10);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Waits until what a slow command has started is gone. */
const childOfSlowIsGone = async (cwd: string): Promise<void> => {
  const pid = Number(await readFile(join(cwd, "child"), "utf8"));
  while (isAlive(pid)) await sleep(10);
};

describe("a run", () => {
  it("reports what the command of its plugin says, once, and gives back what it held", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ target: "db" }, { plugin: "fails" }, { plugin: "breaks" }, { plugin: "absent" }],
    });
    const { exitCode, stdout } = await runOnce(server);
    expect(exitCode).toBe(0);
    const results = server.results.toSorted((one, other) =>
      one.jobSpecId.localeCompare(other.jobSpecId),
    );
    expect(results).toMatchObject(
      [
        { status: "passed", evidence: { got: { target: "db" } }, version: 1, fence: 1 },
        { status: "failed", evidence: "not good\n" },
        { status: "error", evidence: { error: /exit code 3/, stderr: "no disk\n" } },
        { status: "error", evidence: { error: /ENOENT/ } },
      ].map((result) => matching(result)),
    );
    expect(new Set(results.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(4);
    expect(server.released.toSorted()).toEqual(["spec-0", "spec-1", "spec-2", "spec-3"]);
    expect(stdout).toMatch(/^a {2}v1 {2}passed {2}run \d$/m);
  });

  it("says which plugin is missing, and what took too long", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "__proto__" }, { plugin: "late" }],
    });
    await runOnce(server);
    expect(
      server.results.map(({ evidence }) => (evidence as { error: string }).error).toSorted(),
    ).toEqual([
      "The command has failed: it took longer than 0.2 s.",
      'There is no plugin "__proto__".',
    ]);
  });

  it("passes on PATH, HOME and the variables that the plugin names, and no key", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "environment" }] });
    await runOnce(server);
    expect(server.results[0]?.evidence).toEqual(["HOME", "PATH", "REGION"]);
  });

  it("keeps as much of the output as may be evidence", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "floods" }] });
    await runOnce(server);
    const { evidence } = server.results[0] ?? {};
    expect(evidence).toEqual({ output: "x".repeat(65_536), isCut: true });
  });

  it("reads by itself what an answer had no room for, and once more when it has changed", async () => {
    const reads: string[] = [];
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "default", target: "db" }],
      intercept({ path }) {
        const spec = server.specs[0]!;
        if (path.endsWith("/claims") && !spec.isHeld) {
          Object.assign(spec, { isHeld: true, fence: 1 });
          return { body: { jobSpecs: [withoutContent(spec)] } };
        }
        if (path.endsWith("/job-specs")) return { body: { jobSpecs: [withoutContent(spec)] } };
        if (path.includes("/job-specs/")) {
          if (reads.length === 0) spec.version = 2;
          reads.push(path);
        }
        return undefined;
      },
    });
    await withRuntime(server, [], async () => {
      await server.until(() => server.results.length === 1);
    });
    expect(server.results).toMatchObject([
      { status: "passed", version: 2, evidence: { got: { target: "db" } } },
    ]);
    expect(new Set(reads)).toEqual(new Set(["/v1/runtimes/one/job-specs/spec-0"]));
  });

  it("is refused where the signature is not of this very spec", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "counts", signed: { plugin: "fails" } }],
    });
    const { exitCode } = await withRuntime(server, ["--once"], async ({ cwd, ended }) => {
      await ended;
      // What was signed was run, and not what came beside it.
      expect(existsSync(join(cwd, "runs"))).toBe(false);
    });
    expect(exitCode).toBe(0);
    expect(server.results).toMatchObject([{ status: "failed" }]);
    await using forged = await startFakeJobSpecs({
      specs: [{ plugin: "counts" }],
      intercept: ({ path }) => (path === "/v1/keys" ? { body: { keys: [] } } : undefined),
    });
    await withRuntime(forged, ["--once"], async ({ cwd, ended }) => {
      await ended;
      expect(existsSync(join(cwd, "runs"))).toBe(false);
    });
    expect(forged.results).toMatchObject([
      { status: "error", evidence: { error: expect.stringContaining("signature") } },
    ]);
    await using unchecked = await startFakeJobSpecs({
      specs: [{ plugin: "fails" }],
      intercept: ({ path }) => (path === "/v1/keys" ? { body: { keys: [] } } : undefined),
    });
    await runOnce(unchecked, "--no-verify");
    expect(unchecked.results).toMatchObject([{ status: "failed" }]);
  });

  it("takes all that there is, however little it may hold", async () => {
    const held: number[] = [];
    await using server = await startFakeJobSpecs({
      specs: Array.from({ length: 7 }, () => ({ plugin: "fails" })),
      intercept({ path }) {
        if (path.endsWith("/claims")) held.push(server.specs.filter((spec) => spec.isHeld).length);
        return undefined;
      },
    });
    await runOnce(server, "--limit", "2");
    expect(server.results).toHaveLength(7);
    expect(Math.max(...held)).toBe(2);
  });
});

describe("a runtime", () => {
  it("ends what runs, with all that it started, when the spec is taken, and reports nothing", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "slow" }] });
    const { stdout } = await withRuntime(server, [], async ({ cwd }) => {
      await waitForFile(join(cwd, "begun"));
      const spec = server.specs[0]!;
      Object.assign(spec, { isHeld: false, isDue: false, fence: 2 });
      server.send("taken", spec);
      await childOfSlowIsGone(cwd);
    });
    expect(stdout).toContain("dropped: it was taken");
    expect(server.results).toEqual([]);
    expect(server.released).toEqual([]);
  });

  it("learns from its heartbeat what was taken, where there is no stream", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "slow" }],
      intercept: ({ path }) =>
        path.endsWith("/stream") ? { status: 503, body: { title: "away" } } : undefined,
    });
    await withRuntime(server, ["--lease", "5"], async ({ cwd }) => {
      await waitForFile(join(cwd, "begun"));
      Object.assign(server.specs[0]!, { isHeld: false, isDue: false });
      await childOfSlowIsGone(cwd);
    });
    expect(server.results).toEqual([]);
  });

  it("ends a run when the lease could not be renewed in time, and runs nothing then", async () => {
    let isAway = false;
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "slow" }, { plugin: "counts" }],
      intercept: () => (isAway ? { fault: "silence" } : undefined),
    });
    const argv = ["--lease", "5", "--concurrency", "1"];
    const { stdout } = await withRuntime(server, argv, async ({ cwd }) => {
      await waitForFile(join(cwd, "begun"));
      isAway = true;
      await childOfSlowIsGone(cwd);
      await sleep(200);
      expect(existsSync(join(cwd, "runs"))).toBe(false);
    });
    expect(stdout.match(/could not be renewed in time/g)).toHaveLength(2);
  });

  it("runs the new version when it changes, and ends the run of the one before", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "slow" }] });
    await withRuntime(server, [], async ({ cwd }) => {
      await waitForFile(join(cwd, "begun"));
      const child = Number(await readFile(join(cwd, "child"), "utf8"));
      const spec = server.specs[0]!;
      spec.version = 2;
      await writeFile(join(cwd, "child"), "");
      server.send("changed", spec);
      while (isAlive(child)) await sleep(10);
      while ((await readFile(join(cwd, "child"), "utf8")) === "") await sleep(10);
    });
    expect(server.results).toEqual([]);
    expect(server.released).toEqual(["spec-0"]);
  });

  it("runs again after the interval, whatever this machine's clock says", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "counts", interval: 1 }] });
    const { stdout } = await withRuntime(server, [], async () => {
      await server.until(() => server.results.length === 3);
    });
    // Nothing was run before its time.
    expect(stdout).not.toContain("refused");
    expect(server.results.map(({ fence }) => fence)).toEqual([1, 1, 1]);
  });

  it("repeats a result by the same Idempotency-Key until the server answers", async () => {
    const keys: unknown[] = [];
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "counts" }],
      intercept({ headers, path }) {
        if (!path.endsWith("/results")) return undefined;
        keys.push(headers["idempotency-key"]);
        if (keys.length > 6) return undefined;
        return keys.length % 2 === 0 ? { fault: "cut" } : { status: 503, body: { title: "away" } };
      },
    });
    await withRuntime(server, [], async ({ cwd }) => {
      await server.until(() => server.results.length === 1);
      expect(await readFile(join(cwd, "runs"), "utf8")).toBe("run\n");
    });
    expect(new Set(keys).size).toBe(1);
  });

  it("takes a refused result for what the server says, and goes on", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "counts" }, { plugin: "fails" }],
      intercept: ({ body, path }) =>
        path.endsWith("/results") && (body as { jobSpecId: string }).jobSpecId === "spec-0"
          ? { status: 409, body: { title: "Conflict", code: "CONFLICT", detail: "too late" } }
          : undefined,
    });
    const { exitCode, stdout } = await withRuntime(server, [], async () => {
      await server.until(() => server.results.length === 1);
    });
    expect(stdout).toContain("refused: too late");
    expect(exitCode).toBe(0);
  });

  it("keeps what came of it where only the evidence is refused, and says so", async () => {
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "counts" }],
      intercept: ({ body, path }) =>
        path.endsWith("/results") && (body as { evidence: unknown }).evidence === null
          ? { status: 413, body: { title: "Too large", code: "TOO_LARGE", detail: "too large" } }
          : undefined,
    });
    await runOnce(server);
    expect(server.results).toMatchObject([
      { status: "passed", evidence: { note: "The evidence was refused: too large" } },
    ]);
  });

  it("ends what runs and gives it back when it is told to stop", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "slow" }] });
    const { exitCode } = await withRuntime(server, [], async ({ cwd, stop }) => {
      await waitForFile(join(cwd, "begun"));
      await stop();
      await childOfSlowIsGone(cwd);
    });
    expect(exitCode).toBe(0);
    expect(server.results).toEqual([]);
    expect(server.released).toEqual(["spec-0"]);
  });

  it("goes on with what an earlier process of its name holds", async () => {
    await using server = await startFakeJobSpecs({ specs: [{ plugin: "counts" }] });
    Object.assign(server.specs[0]!, { isHeld: true, fence: 7 });
    await withRuntime(server, [], async () => {
      await server.until(() => server.results.length === 1);
    });
    expect(server.results).toMatchObject([{ fence: 7, status: "passed" }]);
  });

  it("waits for a server that is away, unless it is to run once", async () => {
    let requests = 0;
    await using server = await startFakeJobSpecs({
      specs: [{ plugin: "counts" }],
      intercept: () =>
        (requests += 1) < 20 ? { status: 503, body: { title: "away" } } : undefined,
    });
    await withRuntime(server, [], async () => {
      await server.until(() => server.results.length === 1);
    });
    await using gone = await startFakeJobSpecs({
      specs: [],
      intercept: () => ({ status: 503, body: { title: "away" } }),
    });
    expect((await runOnce(gone)).exitCode).toBe(7);
  });

  it("ends where it may not lease", async () => {
    const problem = { title: "Forbidden", code: "FORBIDDEN", detail: "another key's" };
    await using server = await startFakeJobSpecs({
      specs: [],
      intercept: () => ({ status: 403, body: problem }),
    });
    const { exitCode, stderr } = await withRuntime(server, [], async ({ ended }) => {
      await ended;
    });
    expect(exitCode).toBe(6);
    expect(stderr).toContain("another key's");
  });
});

/** As an answer says it that has no room for the content. */
const withoutContent = ({ fence, id, version }: FakeJobSpecServer["specs"][number]): object => ({
  id,
  version,
  fence,
  attestation: "a",
  dueInSeconds: 0,
  spec: null,
  envelope: null,
});

const matching = ({ evidence, ...result }: { evidence: unknown }): unknown => ({
  ...result,
  evidence:
    typeof evidence === "object" && evidence !== null && "error" in evidence
      ? { ...evidence, error: expect.stringMatching(evidence.error as RegExp) }
      : evidence,
});
