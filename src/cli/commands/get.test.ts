import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured, terminal } from "../testing/run-captured.ts";

const answering = (value: unknown) =>
  startFakeServer(() => ({
    body: { key: "k", value, type: "json", version: 3, revision: 9, scope: {} },
  }));

describe("get KEY", () => {
  it("asks for the key in its app and environment", async () => {
    await using server = await answering(20);
    await runCaptured(["get", "db:pool.size", "-a", "payments", "-e", "production"], server);
    expect(server.received[0]).toMatchObject({
      method: "GET",
      path: "/v1/config/db%3Apool.size",
      query: { app: "payments", environment: "production" },
    });
  });

  it.each([
    ["a plain\nstring", "a plain\nstring\n"],
    ["", "\n"],
    [20, "20\n"],
    [true, "true\n"],
    [null, "null\n"],
    [{ a: ["b"] }, '{"a":["b"]}\n'],
  ])("prints %j for a program as it is needed there", async (value, text) => {
    await using server = await answering(value);
    expect(await runCaptured(["get", "k"], server)).toEqual({
      exitCode: 0,
      stdout: text,
      stderr: "",
    });
  });

  it("shows on a terminal what is a string, and runs none of its control characters", async () => {
    await using server = await answering("red\u001b[31m\u009b1m\u202e");
    const { stdout } = await runCaptured(["get", "k"], { ...server, ...terminal() });
    expect(stdout).toBe('"red\\u001b[31m\\u009b1m\\u202e"\n');
  });

  it("prints the whole answer with --json", async () => {
    await using server = await answering({ a: 1 });
    const { stdout } = await runCaptured(["get", "k", "--json"], server);
    expect(JSON.parse(stdout)).toMatchObject({
      key: "k",
      value: { a: 1 },
      version: 3,
      revision: 9,
    });
  });
});

describe("get KEY --explain", () => {
  const layers = [
    {
      scope: { app: null, environment: null },
      value: 10,
      version: 1,
      merge: "replace",
      won: false,
    },
    { app: "payments", environment: null, value: "x".repeat(100), version: 4, won: true },
  ];
  const explaining = () =>
    startFakeServer(() => ({ body: { key: "k", value: "x".repeat(100), layers } }));

  it("lists the layers in the server's order, and what comes of them", async () => {
    await using server = await explaining();
    const { stdout } = await runCaptured(["get", "k", "--explain"], server);
    expect(server.received[0]?.query).toEqual({ explain: "true" });
    const long = JSON.stringify("x".repeat(100));
    expect(stdout.replaceAll(/ +/g, " ")).toBe(
      `LAYER VALUE VERSION MERGE WON\nglobal 10 1 replace no\npayments/* ${long} 4 - yes\neffective: ${long}\n`,
    );
  });

  it("cuts long values to the terminal's width", async () => {
    await using server = await explaining();
    const io = { ...server, ...terminal("", 60) };
    const { stdout } = await runCaptured(["get", "k", "--explain"], io);
    expect(stdout).toMatch(/payments\/\* {2}"x+… +4 {2}- +yes\n/);
  });
});

describe("get --all", () => {
  it("reads the document at a revision, and prints a line for each key", async () => {
    const values = { "a.b": "text", "c-d": { e: null } };
    await using server = await startFakeServer(() => ({ body: { revision: 4, values } }));
    const argv = ["get", "--all", "--prefix", "a", "--at", "4", "-e", "staging"];
    const { stdout } = await runCaptured(argv, server);
    expect(server.received[0]).toMatchObject({
      path: "/v1/config",
      query: { prefix: "a", at: "4", environment: "staging" },
    });
    expect(stdout).toBe('KEY  VALUE\na.b  "text"\nc-d  {"e":null}\n');
  });
});
