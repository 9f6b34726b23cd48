import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Reply, startFakeServer } from "../testing/fake-server.ts";
import { inputOf, runCaptured } from "../testing/run-captured.ts";

const changeSetShape = z.object({ operations: z.array(z.unknown()) });

const change = {
  op: "put",
  kind: "config",
  app: "payments",
  environment: null,
  key: "pool",
  version: 4,
  before: 10,
  after: 20,
};
const effective = { app: "payments", environment: "staging", key: "pool", before: 10, after: 20 };
const result = { revision: 42, changes: [change], effective: [effective], effectiveTotal: 3 };
const committed: Reply = { status: 201, body: result };

/** The only operation that `argv` sends. */
const operationOf = async (argv: string[], io: object = {}): Promise<unknown> => {
  await using server = await startFakeServer(() => committed);
  const { exitCode, stderr } = await runCaptured(argv, { ...io, url: server.url });
  expect([exitCode, stderr]).toEqual([0, ""]);
  const { operations } = changeSetShape.parse(server.received[0]?.body);
  expect(operations).toHaveLength(1);
  return operations[0];
};

describe("set", () => {
  let cwd = "";
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), "fairlead-cli-"));
  });
  afterAll(() => rm(cwd, { recursive: true }));

  it("sends one put with nothing that was not said", async () => {
    expect(await operationOf(["set", "pool", "20"])).toEqual({
      op: "put",
      kind: "config",
      key: "pool",
      value: 20,
    });
  });

  it("sends scope, schema, description, merge and expected version", async () => {
    await writeFile(join(cwd, "schema.yml"), "type: object\n");
    const argv = ["set", "pool", '{"a":1}', "--app", "payments", "--environment", "staging"];
    argv.push("--schema", "schema.yml", "--description", "why", "--merge", "deep");
    argv.push("--expected-version", "0");
    expect(await operationOf(argv, { cwd })).toEqual({
      op: "put",
      kind: "config",
      app: "payments",
      environment: "staging",
      key: "pool",
      value: { a: 1 },
      schema: { type: "object" },
      description: "why",
      merge: "deep",
      expectedVersion: 0,
    });
  });

  it("takes negative numbers, and dashes after --", async () => {
    expect(await operationOf(["set", "k", "-5"])).toMatchObject({ value: -5 });
    expect(await operationOf(["set", "k", "--", "-Xmx512m"])).toMatchObject({ value: "-Xmx512m" });
  });

  it("reads a value from standard input, without its last line break", async () => {
    const lines = { stdin: inputOf("\ufeffone\ntwo\n\n") };
    expect(await operationOf(["set", "k", "-"], lines)).toMatchObject({ value: "one\ntwo\n" });
    const json = { stdin: inputOf('{"a": true}\n') };
    expect(await operationOf(["set", "k", "-"], json)).toMatchObject({ value: { a: true } });
  });

  it("sends the message, the dry run and the consent to a large change only when given", async () => {
    await using server = await startFakeServer(() => committed);
    await runCaptured(["set", "pool", "20"], server);
    const argv = ["set", "pool", "20", "-m", "why", "--dry-run", "--allow-large-change"];
    await runCaptured(argv, server);
    const [plain, full] = server.received.map(({ body }) => body);
    expect(plain).toEqual({ message: "Set pool", operations: expect.any(Array) });
    expect(full).toMatchObject({ message: "why", dryRun: true, allowLargeChange: true });
  });

  it("never sends a number that was rounded", async () => {
    await using server = await startFakeServer(() => committed);
    const { exitCode, stderr } = await runCaptured(["set", "k", "9007199254740993"], server);
    expect([exitCode, server.received]).toEqual([5, []]);
    expect(stderr).toContain("--type string");
  });

  it("warns on standard error when broken JSON is taken as a string", async () => {
    await using server = await startFakeServer(() => committed);
    const { exitCode, stderr } = await runCaptured(["set", "k", "{a: 1}"], server);
    expect([exitCode, stderr]).toEqual([
      0,
      "warning: VALUE is not JSON and was taken as a string\n",
    ]);
  });
});

const outputOf = async (reply: Reply, ...options: string[]): Promise<string> => {
  await using server = await startFakeServer(() => reply);
  return (await runCaptured(["set", "pool", "20", ...options], server)).stdout;
};

describe("what set prints", () => {
  const table = [
    "   SCOPE       KEY   VERSION  BEFORE  AFTER",
    "~  payments/*  pool        4  10      20",
  ];

  it("is the revision and the change", async () => {
    const lines = ["Committed as revision 42.", ...table, ""];
    expect(await outputOf(committed)).toBe(lines.join("\n"));
  });

  it("is in a dry run also what apps would see", async () => {
    const preview = [
      "3 effective values change (the first 1 are shown):",
      "APP       ENVIRONMENT  KEY   BEFORE  AFTER",
      "payments  staging      pool  10      20",
    ];
    const reply = { body: { ...result, revision: null } };
    const lines = ["Dry run: nothing was committed.", ...table, ...preview, ""];
    expect(await outputOf(reply, "--dry-run")).toBe(lines.join("\n"));
  });

  it("says when nothing changed, or when somebody must approve first", async () => {
    const unchanged = { body: { revision: 41, changes: [], effective: [] } };
    expect(await outputOf(unchanged)).toBe("Nothing to change; the revision stays 41.\n");
    const waiting = { status: 202, body: { changeRequestId: "cr-7" } };
    expect(await outputOf(waiting)).toContain("change request cr-7 waits for approval");
  });

  it("is the server's answer with --json", async () => {
    expect(JSON.parse(await outputOf(committed, "--json"))).toEqual(result);
  });
});

describe("delete", () => {
  it("sends one delete", async () => {
    const argv = ["delete", "pool", "--app", "payments", "--expected-version", "3"];
    expect(await operationOf(argv)).toEqual({
      op: "delete",
      kind: "config",
      app: "payments",
      key: "pool",
      expectedVersion: 3,
    });
  });
});
