import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Reply, startFakeServer } from "./testing/fake-server.ts";
import { runCaptured } from "./testing/run-captured.ts";

const problem = (status: number, code: string, members: object = {}): Reply => ({
  status,
  body: {
    type: `https://errors.test/${code}`,
    title: `Title of ${code}`,
    status,
    code,
    ...members,
  },
});

const apps: Reply = { body: { items: [{ name: "payments" }] } };
const committed: Reply = {
  status: 201,
  body: { revision: 7, changes: [], effective: [], effectiveTotal: 0 },
};

describe("credentials", () => {
  it("sends the key from the environment, and one given as an option before that", async () => {
    await using server = await startFakeServer(() => apps);
    await runCaptured(["apps"], server);
    await runCaptured(["apps", "--api-key", "other-key"], server);
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer test-key",
      "Bearer other-key",
    ]);
  });

  it("takes the local administrator's key only for a server on this machine", async () => {
    const cwd = await mkdtemp(join(tmpdir(), "fairlead-cli-"));
    await mkdir(join(cwd, ".fairlead"));
    await writeFile(join(cwd, ".fairlead", "admin.key"), "local-key\n");
    await writeFile(join(cwd, "admin.key"), "data-dir-key\n");
    const sent: (string | null)[] = [];
    const fetch = async (_url: unknown, init?: RequestInit) => {
      sent.push(new Headers(init?.headers).get("Authorization"));
      return Response.json(apps.body);
    };
    const env = { FAIRLEAD_API_KEY: "" };
    const at = (url: string, more = {}) =>
      runCaptured(["apps", "--url", url], { cwd, fetch, env: { ...env, ...more } });
    await at("http://127.0.0.1:9");
    await at("http://[::1]:9");
    await at("http://localhost:9", { DATA_DIR: "." });
    await at("http://127.0.0.1.example.com");
    await at("https://config.example.com");
    await rm(cwd, { recursive: true });
    expect(sent).toEqual([
      "Bearer local-key",
      "Bearer local-key",
      "Bearer data-dir-key",
      null,
      null,
    ]);
  });

  it("prints the key nowhere, not even one that cannot be sent", async () => {
    await using server = await startFakeServer(() => problem(401, "UNAUTHENTICATED"));
    const sendable = await runCaptured(["apps"], {
      url: server.url,
      env: { FAIRLEAD_API_KEY: "s3cret" },
    });
    const broken = await runCaptured(["apps"], { env: { FAIRLEAD_API_KEY: "s3cret\nX-Evil: 1" } });
    const inUrl = await runCaptured(["apps", "--url", "http://admin:s3cret@localhost/"]);
    expect([sendable.exitCode, broken.exitCode, inUrl.exitCode]).toEqual([6, 2, 2]);
    expect(JSON.stringify([sendable, broken, inUrl])).not.toContain("s3cret");
  });
});

describe("exit codes", () => {
  it.each([
    [400, 5],
    [401, 6],
    [403, 6],
    [404, 3],
    [409, 4],
    [410, 3],
    [412, 4],
    [413, 5],
    [415, 5],
    [422, 5],
    [429, 7],
    [500, 1],
    [503, 7],
  ])("answers a status %i with exit code %i", async (status, exitCode) => {
    await using server = await startFakeServer(() => problem(status, "CODE"));
    expect((await runCaptured(["apps"], server)).exitCode).toBe(exitCode);
  });

  it("exits with 7 where nobody listens, and says where it tried", async () => {
    const server = await startFakeServer(() => apps);
    await server[Symbol.asyncDispose]();
    const run = await runCaptured(["apps"], server);
    expect(run.exitCode).toBe(7);
    expect(run.stderr).toContain(server.url);
    expect(run.stderr).toContain("ECONNREFUSED");
  });

  it("exits with 7 after the timeout, and warns that a change may have been committed", async () => {
    await using server = await startFakeServer(() => ({ fault: "silence" }));
    const run = await runCaptured(["set", "a", "1", "--timeout", "0.2"], server);
    expect(run.exitCode).toBe(7);
    expect(run.stderr).toContain("did not answer within 0.2 s");
    expect(run.stderr).toContain("may have been committed");
  });
});

describe("retries", () => {
  it("repeats a write after 503 and cut connections with one Idempotency-Key and one body", async () => {
    const replies: Reply[] = [{ fault: "cut" }, problem(503, "UNAVAILABLE"), { fault: "cut" }];
    await using server = await startFakeServer((_request, index) => replies[index] ?? committed);
    const run = await runCaptured(["set", "a", "1"], server);
    expect(run.exitCode).toBe(0);
    expect(server.received).toHaveLength(4);
    expect(new Set(server.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
    expect(server.received[0]?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(server.received.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it("gives up after three retries with the server's own words", async () => {
    await using server = await startFakeServer(() =>
      problem(503, "UNAVAILABLE", { detail: "The database is away." }),
    );
    const run = await runCaptured(["set", "a", "1"], server);
    expect(run.exitCode).toBe(7);
    expect(run.stderr).toContain("The database is away.");
    expect(server.received).toHaveLength(4);
  });

  it("waits longer each time, and as long as Retry-After asks", async () => {
    const delays: number[] = [];
    await using server = await startFakeServer((_request, index) => ({
      ...problem(503, "UNAVAILABLE"),
      headers: index === 2 ? { "Retry-After": "5" } : {},
    }));
    await runCaptured(["apps"], { ...server, wait: async (delayMs) => void delays.push(delayMs) });
    const [first = 0, second = 0, third = 0] = delays;
    expect(first).toBeGreaterThanOrEqual(250);
    expect(second).toBeGreaterThan(first);
    expect(third).toBe(5000);
  });

  it("warns that a change may have been committed when a connection was cut, not when none was", async () => {
    await using cutting = await startFakeServer(() => ({ fault: "cut" }));
    const cut = await runCaptured(["set", "a", "1"], cutting);
    expect(cut.stderr).toContain("may have been committed");
    const gone = await startFakeServer(() => committed);
    await gone[Symbol.asyncDispose]();
    const refused = await runCaptured(["set", "a", "1"], gone);
    expect([cut.exitCode, refused.exitCode]).toEqual([7, 7]);
    expect(refused.stderr).not.toContain("may have been committed");
  });

  it("does not wait past the timeout", async () => {
    await using server = await startFakeServer(() => ({
      ...problem(503, "UNAVAILABLE"),
      headers: { "Retry-After": "9" },
    }));
    const run = await runCaptured(["apps", "--timeout", "1"], server);
    expect(run.exitCode).toBe(7);
    expect(server.received).toHaveLength(1);
  });

  it("does not repeat what was refused, and uses a new key for a new change", async () => {
    await using server = await startFakeServer(() => problem(409, "CONFLICT"));
    await runCaptured(["set", "a", "1"], server);
    await runCaptured(["set", "a", "1"], server);
    expect(server.received).toHaveLength(2);
    expect(new Set(server.received.map(({ headers }) => headers["idempotency-key"])).size).toBe(2);
  });
});

describe("requests that put or delete", () => {
  it("sends a body with PUT and none with DELETE, and takes the empty answer 204", async () => {
    await using server = await startFakeServer(({ method }) =>
      method === "PUT" ? { body: { name: "a", actions: [] } } : { status: 204 },
    );
    const put = await runCaptured(
      ["roles", "update", "a", "--action", "entries.read", "--description", "b"],
      server,
    );
    const deletion = await runCaptured(["roles", "delete", "a"], server);
    expect([put.exitCode, deletion.exitCode]).toEqual([0, 0]);
    expect(server.received).toMatchObject([
      { method: "PUT", path: "/v1/roles/a", body: { actions: ["entries.read"], description: "b" } },
      { method: "DELETE", path: "/v1/roles/a" },
    ]);
    expect(server.received[1]?.headers["content-type"]).toBeUndefined();
    for (const { headers } of server.received) {
      expect(headers["idempotency-key"]).toBeUndefined();
      expect(headers.authorization).toBe("Bearer test-key");
    }
  });

  it("does not take a body for the empty answer", async () => {
    await using server = await startFakeServer(() => ({ text: "<html>hello</html>" }));
    const { exitCode, stderr } = await runCaptured(["roles", "delete", "a"], server);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Is it a Fairlead server");
  });

  it("says where to look when no answer tells whether it was done", async () => {
    await using cutting = await startFakeServer(() => ({ fault: "cut" }));
    const cut = await runCaptured(["roles", "delete", "a"], cutting);
    expect(cut.exitCode).toBe(7);
    expect(cut.stderr).toContain("may have been committed: `fairlead roles list` shows it");
    await using late = await startFakeServer((_request, index) =>
      index === 0 ? { fault: "cut" } : problem(404, "NOT_FOUND"),
    );
    const gone = await runCaptured(["roles", "delete", "a"], late);
    expect(gone.exitCode).toBe(3);
    expect(gone.stderr).toContain("An earlier attempt got no answer and may have done it");
    await using missing = await startFakeServer(() => problem(404, "NOT_FOUND"));
    const never = await runCaptured(["roles", "delete", "a"], missing);
    expect(never.stderr).not.toContain("earlier attempt");
  });
});

describe("answers that are no good", () => {
  it("explains an answer that is not from Fairlead", async () => {
    await using server = await startFakeServer(() => ({ text: "<html>hello</html>" }));
    const run = await runCaptured(["apps"], server);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("Is it a Fairlead server");
  });

  it("does not follow a redirect, and names where it leads", async () => {
    await using server = await startFakeServer(() => ({
      status: 307,
      headers: { Location: "https://elsewhere.test/v1/apps" },
    }));
    const run = await runCaptured(["apps"], server);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain("https://elsewhere.test/v1/apps");
    expect(server.received).toHaveLength(1);
  });

  it("reports an error page without a problem document by its status", async () => {
    await using server = await startFakeServer(() => ({ status: 403, text: "<h1>Forbidden</h1>" }));
    const run = await runCaptured(["apps"], server);
    expect(run.exitCode).toBe(6);
    expect(run.stderr).toContain("403");
  });

  it("stops on a list that never moves on", async () => {
    await using server = await startFakeServer(() => ({ body: { items: [], nextCursor: "same" } }));
    const run = await runCaptured(["apps"], server);
    expect(run.exitCode).toBe(1);
    expect(server.received).toHaveLength(2);
  });

  it("escapes what a server's message would do to a terminal", async () => {
    await using server = await startFakeServer(() =>
      problem(404, "NOT_FOUND", { detail: "no \u001b[2Jkey" }),
    );
    const run = await runCaptured(["apps"], server);
    expect(run.stderr).not.toContain("\u001b");
    expect(run.stderr).toContain("\\u001b[2Jkey");
  });
});

it("says that it is the command line, for the audit log", async () => {
  await using server = await startFakeServer(() => apps);
  await runCaptured(["apps"], server);
  expect(server.received[0]?.headers["user-agent"]).toMatch(/^fairlead\/\d/);
});

it("keeps a path in the server's URL", async () => {
  await using server = await startFakeServer(() => apps);
  await runCaptured(["apps", "--url", `${server.url}/behind/proxy/`]);
  expect(server.received[0]?.path).toBe("/behind/proxy/v1/apps");
});
