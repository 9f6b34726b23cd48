import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { startFakeStore } from "../testing/fake-store.ts";
import { runCaptured } from "../testing/run-captured.ts";
import { temporaryFiles } from "../testing/temporary-files.ts";

const documents = (...texts: string[]): string => texts.join("\n---\n");
const selected = (profile: string, text: string): string =>
  `spring.config.activate.on-profile: ${profile}\n${text}`;

describe("apply of files", () => {
  it("commits all files as one change set, nested maps as dotted keys", async () => {
    await using files = await temporaryFiles({
      "a.yml": "server:\n  port: 1\n  hosts: [x, y]\nplain.dotted: true\n",
      "b.json": '\ufeff{"server": {"shutdown": "graceful"}, "empty": {}}',
    });
    await using store = await startFakeStore();
    const argv = ["apply", "a.yml", "b.json", "--app", "payments", "--environment", "staging"];
    const run = await runCaptured(argv, { ...files, url: store.url });
    const place = { op: "put", kind: "config", app: "payments", environment: "staging" };
    expect(store.changeSets()).toEqual([
      {
        message: "Apply a.yml, b.json",
        operations: [
          { ...place, key: "server.port", value: 1 },
          { ...place, key: "server.hosts", value: ["x", "y"] },
          { ...place, key: "plain.dotted", value: true },
          { ...place, key: "server.shutdown", value: "graceful" },
          { ...place, key: "empty", value: {} },
        ],
      },
    ]);
    expect(run).toEqual({
      exitCode: 0,
      stderr: "",
      stdout:
        "SCOPE             ADDED  CHANGED  UNCHANGED  REMOVED\n" +
        "payments/staging      5        0          0        0\n" +
        "Committed as revision 8.\n",
    });
  });

  it("counts what is added, changed and unchanged", async () => {
    await using files = await temporaryFiles({ "a.yml": "new: 1\nother: 2\nsame: 3\n" });
    await using store = await startFakeStore({ "//other": 0, "//same": 3, "//untouched": 4 });
    const { stdout } = await runCaptured(["apply", "a.yml"], { ...files, url: store.url });
    expect(stdout).toMatch(/^global +1 +1 +1 +0$/m);
  });

  it("says so when everything is there already, or the files hold nothing", async () => {
    await using files = await temporaryFiles({ "a.yml": "same: 3\n", "empty.yml": "# nothing\n" });
    await using store = await startFakeStore({ "//same": 3 });
    const same = await runCaptured(["apply", "a.yml"], { ...files, url: store.url });
    expect(same.stdout).toContain("Nothing to change");
    const empty = await runCaptured(["apply", "empty.yml"], { ...files, url: store.url });
    expect([empty.exitCode, store.changeSets().length]).toEqual([0, 1]);
    expect(empty.stdout).toContain("Nothing to change");
  });

  it("lets later documents win, and notes what they override", async () => {
    await using files = await temporaryFiles({
      "a.yml": documents("one: 1\nsame: 0", "one: 2\nsame: 0"),
      "b.yml": "one: 3\n",
    });
    await using store = await startFakeStore();
    const { stderr } = await runCaptured(["apply", "a.yml", "b.yml"], { ...files, url: store.url });
    expect(store.entries).toEqual(
      new Map([
        ["//one", 3],
        ["//same", 0],
      ]),
    );
    expect(stderr.split("\n")).toEqual([
      "note: in global, a.yml, document 2 overrides a.yml, document 1: one",
      "note: in global, b.yml overrides a.yml, document 2: one",
      "",
    ]);
  });

  it("warns of a key set dotted and nested, and refuses it with different values", async () => {
    await using files = await temporaryFiles({
      "equal.yml": "a:\n  b: 1\na.b: 1\n",
      "different.yml": documents("x: 1", "a:\n  b: 1\na.b: 2"),
    });
    await using store = await startFakeStore();
    const equal = await runCaptured(["apply", "equal.yml"], { ...files, url: store.url });
    expect(equal.stderr).toMatch(/^warning: equal\.yml: a\.b: /);
    const different = await runCaptured(["apply", "different.yml"], { ...files, url: store.url });
    expect(different.exitCode).toBe(5);
    expect(different.stderr).toMatch(/different\.yml, document 2: .*a › b.*a\.b/);
    expect(store.changeSets()).toHaveLength(1);
  });

  it.each([
    ["broken YAML", "a: [1\n"],
    ["a list at the top", "- 1\n"],
    ["a number that would be rounded", "a: 12345678901234567890\n"],
    ["a name that reaches into a prototype", "__proto__: {a: 1}\n"],
  ])("refuses %s, and names the file", async (_what, text) => {
    await using files = await temporaryFiles({ "bad.yml": text, "good.yml": "a: 1\n" });
    await using store = await startFakeStore();
    const argv = ["apply", "good.yml", "bad.yml"];
    const { exitCode, stderr } = await runCaptured(argv, { ...files, url: store.url });
    expect([exitCode, store.received]).toEqual([5, []]);
    expect(stderr).toContain("bad.yml");
  });

  it("refuses more operations than one change set holds, before it asks the server", async () => {
    const lines = Array.from({ length: 10_001 }, (_, index) => `k${index}: 1`);
    await using files = await temporaryFiles({ "big.yml": lines.join("\n") });
    await using store = await startFakeStore();
    const run = await runCaptured(["apply", "big.yml"], { ...files, url: store.url });
    expect([run.exitCode, store.received]).toEqual([5, []]);
    expect(run.stderr).toContain("10001 operations; one change set holds 10000 at most");
  });

  it("names file, document and key where the server names an operation", async () => {
    await using files = await temporaryFiles({ "a.yml": documents("one: 1", "two: 2") });
    await using server = await startFakeServer(() => ({
      status: 422,
      body: {
        title: "A rule refuses the change",
        detail: "operations.1.value: must be odd (and 1 more)",
        errors: [
          { path: "operations.1.value", message: "must be even" },
          { path: "operations.9.value", message: "is not there" },
        ],
        conflicts: [{ path: "operations.0", currentVersion: 3 }],
      },
    }));
    const { stderr } = await runCaptured(["apply", "a.yml"], { ...files, url: server.url });
    expect(stderr).toContain("a.yml, document 2: two (global): must be odd (and 1 more)\n");
    expect(stderr).toContain("  a.yml, document 2: two (global): must be even\n");
    expect(stderr).toContain("  operations.9.value: is not there\n");
    expect(stderr).toMatch(/^a\.yml, document 1: one \(global\) +3/m);
  });
});

describe("apply of a folder", () => {
  it("takes application.* for all apps and every other file for its app", async () => {
    await using files = await temporaryFiles({
      "config/application.yaml": "a: 1\n",
      "config/orders.yml": "b: 2\n",
      "config/orders-docker.yml": "c: 3\n",
      "config/stock.json": '{"d": 4}',
      "config/README.md": "# not read\n",
      "config/.hidden.yml": "x: 1\n",
      "config/deeper/more.yml": "x: 1\n",
    });
    await using store = await startFakeStore();
    const { stderr } = await runCaptured(["apply", "config"], { ...files, url: store.url });
    expect([...store.entries.keys()]).toEqual(["//a", "orders-docker//c", "orders//b", "stock//d"]);
    expect(store.changeSets()).toHaveLength(1);
    expect(stderr).toContain("config/README.md was not read");
    expect(stderr).toContain("config/deeper was not read");
    expect(stderr).toContain("config/orders-docker.yml is taken for the app orders-docker.");
  });

  it("refuses --app, a folder without files, and a file that names no app", async () => {
    await using files = await temporaryFiles({
      "config/a.yml": "a: 1\n",
      "empty/README.md": "",
      "odd/my app.yml": "a: 1\n",
    });
    await using store = await startFakeStore();
    const codes = [];
    for (const argv of [["config", "--app", "a"], ["empty"], ["odd"]]) {
      const run = await runCaptured(["apply", ...argv], { ...files, url: store.url });
      codes.push(run.exitCode);
    }
    expect([codes, store.received]).toEqual([[2, 2, 5], []]);
  });
});

describe("apply of documents that a profile selects", () => {
  const folder = {
    "config/application.yml": documents("a: 1", selected("staging", "a: 2")),
    "config/orders.yml": selected("docker, production", "b: 3"),
  };

  it("puts them into the environments of that name, created only when asked", async () => {
    await using files = await temporaryFiles(folder);
    await using store = await startFakeStore();
    const refused = await runCaptured(["apply", "config"], { ...files, url: store.url });
    expect([refused.exitCode, store.changeSets()]).toEqual([3, []]);
    expect(refused.stderr).toContain("docker");
    expect(refused.stderr).toContain("--create-environments");
    const argv = ["apply", "config", "--create-environments"];
    const run = await runCaptured(argv, { ...files, url: store.url });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain("created the environments docker");
    const creation = store.received.find(({ method }) => method === "POST");
    expect(creation?.body).toEqual({ name: "docker", rank: 11, protected: false });
    expect(Object.fromEntries(store.entries)).toEqual({
      "//a": 1,
      "/staging/a": 2,
      "orders/docker/b": 3,
      "orders/production/b": 3,
    });
  });

  it("previews without creating anything, and says what it could not preview", async () => {
    await using files = await temporaryFiles(folder);
    await using store = await startFakeStore();
    const argv = ["apply", "config", "--create-environments", "--dry-run"];
    const { stdout, stderr } = await runCaptured(argv, { ...files, url: store.url });
    expect([store.entries.size, store.environments.has("docker")]).toEqual([0, false]);
    expect(stderr).toContain("not previewed, as the environment would be created first: docker");
    expect(stdout).toMatch(/^orders\/docker +1 +0 +0 +0$/m);
    expect(stdout).toContain("Dry run: nothing was committed.\n3 effective values change:");
  });

  it("does not let a document into another environment than --environment says", async () => {
    await using files = await temporaryFiles({ "a.yml": selected("production", "a: 1") });
    await using store = await startFakeStore();
    const at = (environment: string) =>
      runCaptured(["apply", "a.yml", "-e", environment], { ...files, url: store.url });
    const other = await at("staging");
    expect([other.exitCode, store.received]).toEqual([2, []]);
    expect((await at("production")).exitCode).toBe(0);
    expect([...store.entries.keys()]).toEqual(["/production/a"]);
  });

  it("refuses an expression, and commits nothing of any file", async () => {
    await using files = await temporaryFiles({
      "a.yml": "a: 1\n",
      "b.yml": documents("b: 1", selected("'a & b'", "b: 2")),
    });
    await using store = await startFakeStore();
    const run = await runCaptured(["apply", "a.yml", "b.yml"], { ...files, url: store.url });
    expect([run.exitCode, store.received]).toEqual([5, []]);
    expect(run.stderr).toContain("b.yml, document 2");
    expect(run.stderr).toContain("a & b");
  });
});

describe("apply --replace", () => {
  it("deletes what the files no longer name, in their own layers only", async () => {
    await using files = await temporaryFiles({ "config/orders.yml": "kept: 1\nnew: 2\n" });
    const entries = { "orders//kept": 1, "orders//old": 3, "//old": 4, "orders/staging/old": 5 };
    await using store = await startFakeStore(entries);
    const argv = ["apply", "config", "--replace", "--allow-large-change"];
    const { stdout } = await runCaptured(argv, { ...files, url: store.url });
    expect([...store.entries.keys()]).toEqual([
      "orders//kept",
      "//old",
      "orders/staging/old",
      "orders//new",
    ]);
    expect(store.changeSets()[0]).toMatchObject({ expectedRevision: 7, allowLargeChange: true });
    expect(stdout).toMatch(/^orders\/\* +1 +0 +1 +1$/m);
  });

  it("takes an app that does not exist yet for empty", async () => {
    await using files = await temporaryFiles({ "config/new.yml": "a: 1\n" });
    await using store = await startFakeStore();
    const run = await runCaptured(["apply", "config", "--replace"], { ...files, url: store.url });
    expect(run.exitCode).toBe(0);
    expect(store.received.map(({ path }) => path)).not.toContain("/v1/entries");
  });

  it("takes the revision before it reads, so that no change in between is undone", async () => {
    await using files = await temporaryFiles({ "a.yml": "a: 1\n" });
    await using store = await startFakeStore();
    await runCaptured(["apply", "a.yml", "--replace"], { ...files, url: store.url });
    const paths = store.received.map(({ path }) => path);
    expect(paths).toEqual(["/v1/changes", "/v1/apps", "/v1/entries", "/v1/changes"]);
  });
});

describe("apply --json", () => {
  it("prints result, layers, environments and remarks as one document", async () => {
    await using files = await temporaryFiles({ "a.yml": "a:\n  b: 1\na.b: 1\n" });
    await using store = await startFakeStore();
    const run = await runCaptured(["apply", "a.yml", "--json"], { ...files, url: store.url });
    expect(run.stderr).toBe("");
    expect(JSON.parse(run.stdout)).toMatchObject({
      revision: 8,
      changes: [{ key: "a.b" }],
      dryRun: false,
      layers: [{ added: 1, changed: 0, unchanged: 0, removed: 0 }],
      environments: [],
      remarks: [expect.stringContaining("a.b")],
    });
  });
});

describe("the sample in docs/samples/bookshop", () => {
  it("goes in as the guide says", async () => {
    const cwd = fileURLToPath(new URL("../../../", import.meta.url));
    await using store = await startFakeStore({}, { revision: 0 });
    const argv = ["apply", "docs/samples/bookshop", "--create-environments"];
    const { exitCode, stdout, stderr } = await runCaptured(argv, { cwd, url: store.url });
    expect(exitCode).toBe(0);
    const guide = await readFile(`${cwd}/docs/import-spring.md`, "utf8");
    expect(guide).toContain(stderr + stdout);
  });
});
