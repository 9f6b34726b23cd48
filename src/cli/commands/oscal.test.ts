import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSample, readSampleText } from "../../../test/helpers/oscal-samples.ts";
import { type Server, startServer } from "../../../test/helpers/start-server.ts";
import type { JsonObject } from "../../platform/json.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";
import { type TemporaryFiles, temporaryFiles } from "../testing/temporary-files.ts";

const metadata = {
  title: "Small",
  "last-modified": "2026-01-31T12:00:00Z",
  version: "1",
  "oscal-version": "1.1.2",
};
const uuid = "11111111-1111-4111-8111-111111111111";

const catalogOf = (...ids: readonly string[]): string =>
  JSON.stringify({
    catalog: { uuid, metadata, controls: ids.map((id) => ({ id, title: `Control ${id}` })) },
  });

describe("oscal, against a server", () => {
  let server: Server;
  let files: TemporaryFiles;

  beforeAll(async () => {
    server = await startServer({}, () => ({ command: [process.execPath, "src/entry/node.ts"] }));
    files = await temporaryFiles({
      "low.json": await readSampleText("nist-800-53-rev5-low-catalog"),
      "mongo.json": await readSampleText("example-component-definition"),
      "ifa plan.json": await readSampleText("ifa-assessment-plan"),
    });
  });
  afterAll(async () => {
    await server.stop();
    await files[Symbol.asyncDispose]();
  });

  const run = (...argv: readonly string[]) =>
    runCaptured(["oscal", ...argv], {
      cwd: files.cwd,
      url: server.url,
      env: { FAIRLEAD_URL: server.url, FAIRLEAD_API_KEY: server.adminKey },
    });

  const change = async (...operations: object[]): Promise<number> => {
    const response = await fetch(`${server.url}/v1/changes`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ operations }),
    });
    return response.status;
  };

  it("brings NIST's documents in and out again, equal", async () => {
    const dry = await run("import", "low.json", "--dry-run");
    expect(dry).toMatchObject({ exitCode: 0, stderr: "" });
    expect(dry.stdout).toMatch(/^control +149 +0 +0 +0$/m);
    expect(dry.stdout).toContain("Dry run: nothing was committed.");
    expect((await run("export", "catalog")).exitCode).toBe(3);

    const imported = await run("import", "low.json");
    expect(imported.stderr).toBe("");
    expect(imported.stdout).toMatch(/^oscal +1 +0 +0 +0$/m);
    expect(imported.stdout).toContain("Committed as revision");
    const again = await run("import", "low.json");
    expect(again.stdout).toMatch(/^control +0 +0 +149 +0$/m);
    expect(again.stdout).toContain("Nothing to change");

    const refused = await run("import", "mongo.json");
    expect(refused).toMatchObject({ exitCode: 5, stdout: "" });
    expect(refused.stderr).toContain("mongo.json names 3 controls that are not stored");
    expect(refused.stderr).toContain(
      "component-definition.components[0].control-implementations[0].implemented-requirements[1].control-id: the control sc-8.1 does not exist",
    );
    expect(refused.stderr).toContain("--allow-missing-controls");
    const allowed = await run("import", "mongo.json", "--allow-missing-controls");
    expect(allowed.exitCode).toBe(0);
    expect(allowed.stderr).toContain(
      "left out, since these controls do not exist: sc-8, sc-8.1, sa-4.9",
    );

    const plan = await run("import", "ifa plan.json", "--component", "mongodb", "--json");
    expect(JSON.parse(plan.stdout)).toMatchObject({
      document: "ifa-plan",
      model: "assessment-plan",
      dryRun: false,
      kinds: [
        { kind: "assessment", added: 1 },
        { kind: "oscal", added: 1 },
      ],
    });

    for (const [model, name] of [
      ["catalog", "nist-800-53-rev5-low-catalog"],
      ["component-definition", "example-component-definition"],
      ["assessment-plan", "ifa-assessment-plan"],
    ] as const) {
      const exported = await run("export", model);
      expect(exported.stderr).toBe("");
      expect(JSON.parse(exported.stdout)).toEqual(await readSample(name));
    }
  });

  it("tells what was changed here, and writes it to a file", async () => {
    await writeFile(join(files.cwd, "changed.json"), catalogOf("x-1", "x-2"));
    await run("import", "changed.json", "--prefix", "c-");
    // The prefix stays as it was.
    const same = await run("import", "changed.json");
    expect(same.stdout).toMatch(/^control +0 +0 +2 +0$/m);
    const oscal = { document: "changed", control: {} };
    const value = { title: "Renamed", oscal };
    expect(await change({ op: "put", kind: "control", key: "c-x-1", value })).toBe(201);
    const written = await run("export", "catalog", "--name", "changed", "--output", "out.json");
    expect(written).toEqual({ exitCode: 0, stdout: "", stderr: "Wrote out.json.\n" });
    const { catalog } = JSON.parse(await readFile(join(files.cwd, "out.json"), "utf8")) as {
      catalog: { controls: JsonObject[] };
    };
    expect(catalog.controls).toEqual([
      { id: "x-1", title: "Renamed" },
      { id: "x-2", title: "Control x-2" },
    ]);
  });

  it("deletes what a document has no more, where it is asked to", async () => {
    await writeFile(join(files.cwd, "less.json"), catalogOf("y-1", "y-2"));
    await run("import", "less.json");
    await writeFile(join(files.cwd, "less.json"), catalogOf("y-2"));
    const other = await run("import", "less.json", "--prefix", "n-");
    expect(other.stderr).toContain('was imported with the prefix ""');
    const kept = await run("import", "less.json");
    expect(kept.stderr).toContain("1 stored entry of the document, such as control y-1");
    const deleted = await run("import", "less.json", "--replace");
    expect(deleted.stdout).toMatch(/^control +0 +0 +1 +1$/m);
    expect(JSON.parse((await run("export", "catalog", "--name", "less")).stdout)).toEqual(
      JSON.parse(catalogOf("y-2")),
    );
  });

  it("is told who still names what it would delete", async () => {
    await writeFile(join(files.cwd, "named.json"), catalogOf("z-1", "z-2"));
    await run("import", "named.json");
    const value = { title: "Uses it", controls: ["z-1"] };
    expect(await change({ op: "put", kind: "component", key: "user", value })).toBe(201);
    await writeFile(join(files.cwd, "named.json"), catalogOf("z-2"));
    const { exitCode, stderr } = await run("import", "named.json", "--replace");
    expect(exitCode).toBe(5);
    expect(stderr).toContain("control z-1");
    expect(stderr).toContain("user");
  });
});

describe("oscal, before a server is asked", () => {
  it.each([
    ["what is no JSON", "{", 5, "a.json"],
    ["what is no OSCAL", '{"profile": {}}', 5, "a.json is no valid OSCAL: profile: is no model"],
    [
      "wrong places, each with its own line",
      JSON.stringify({ catalog: { uuid: "x", metadata, controls: [{ id: "a b", title: "T" }] } }),
      5,
      "  catalog.controls[0].id: must be a token",
    ],
  ])("refuses %s", async (_what, text, exitCode, message) => {
    await using files = await temporaryFiles({ "a.json": text });
    const run = await runCaptured(["oscal", "import", "a.json"], files);
    expect(run).toMatchObject({ exitCode, stdout: "" });
    expect(run.stderr).toContain(message);
  });

  it.each([
    [["import", "none.json"], "none.json does not exist"],
    [["import", "a.json", "--name", "a:2"], "is no name for a document"],
    [["import", "a.json", "--prefix", "ä"], "no key can begin so"],
    [["import", "a.json", "--component", "c"], "--component is for assessment plans"],
    [["import", "a.json", "--allow-missing-controls"], "is for component definitions"],
    [["export", "profile"], "Allowed choices are"],
    [["export", "catalog", "--attestation", "a"], "--attestation is for assessment-results"],
  ])("refuses %j", async (argv, message) => {
    await using files = await temporaryFiles({ "a.json": catalogOf("a") });
    const run = await runCaptured(["oscal", ...argv], files);
    expect([2, 5]).toContain(run.exitCode);
    expect(run.stderr).toContain(message);
  });
});

const accepted = (id: number, attestation: string) => ({
  id: String(id),
  jobSpecId: uuid,
  attestation,
  version: 1,
  run: id,
  runtime: "r",
  status: "passed",
  evidence: null,
  receivedAt: `2026-01-31T12:00:0${id}Z`,
});

/** A server of two attestations, one of them for the plan `ifa`; results come a page each. */
const startResultServer = (defaults: object = {}) =>
  startFakeServer(({ path, query }) => {
    if (path === "/v1/whoami") return { body: { actor: { type: "key", id: "k" }, defaults } };
    const entries: Record<string, object[]> = {
      oscal: [],
      control: [],
      component: [],
      assessment: [{ key: "a", version: 1, value: { title: "A", components: [] } }],
      attestation: ["one", "two"].map((key) => ({
        key,
        version: 1,
        value: { title: key, assessment: "a", components: [] },
      })),
    };
    if (path === "/v1/entries") return { body: { items: entries[query["kind"] ?? ""] ?? [] } };
    const all = [accepted(3, "one"), accepted(2, "two"), accepted(1, "one")];
    const wanted = all.filter(({ attestation }) =>
      [undefined, attestation].includes(query["attestation"]),
    );
    const page = Number(query["cursor"] ?? 0);
    const nextCursor = page + 1 < wanted.length ? String(page + 1) : undefined;
    return { body: { items: wanted.slice(page, page + 1), nextCursor } };
  });

describe("oscal export assessment-results", () => {
  const resultsOf = (stdout: string) =>
    (
      JSON.parse(stdout) as {
        "assessment-results": { results: { title: string; observations: object[] }[] };
      }
    )["assessment-results"].results.map(({ observations, title }) => [title, observations.length]);

  it("reads all pages of all attestations, or of those that are named", async () => {
    await using server = await startResultServer();
    const all = await runCaptured(["oscal", "export", "assessment-results"], server);
    expect(all.stderr).toBe("");
    expect(resultsOf(all.stdout)).toEqual([
      ["one", 2],
      ["two", 1],
    ]);
    const argv = ["oscal", "export", "assessment-results", "--attestation", "one"];
    expect(resultsOf((await runCaptured(argv, server)).stdout)).toEqual([["one", 2]]);
  });

  it("says so where there is no such plan, or no result", async () => {
    await using server = await startResultServer();
    const argv = ["oscal", "export", "assessment-results"];
    const none = await runCaptured([...argv, "--attestation", "three"], server);
    expect(none.exitCode).toBe(3);
    expect(none.stderr).toContain("No result was accepted yet");
    const plan = await runCaptured([...argv, "--name", "ifa"], server);
    expect(plan.exitCode).toBe(3);
    expect(plan.stderr).toContain("There is no assessment-plan called ifa");
  });

  it("refuses a key with a default scope, to which definitions would be missing", async () => {
    await using server = await startResultServer({ app: "payments", environment: null });
    const run = await runCaptured(["oscal", "export", "catalog"], server);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain("use a key without defaults");
  });
});
