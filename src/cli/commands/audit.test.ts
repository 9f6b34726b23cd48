import { describe, expect, it } from "vitest";
import { type Reply, startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

const row = (id: number, more: object = {}) => ({
  id: String(id),
  at: "2026-11-20T12:00:00.000Z",
  actor: { type: "key", id: "8fK2mQ0tXw7LpZ3a" },
  authentication: "api-key",
  action: "entries.write",
  revision: 41,
  count: 1,
  requestId: "req-1",
  address: "192.0.2.1",
  userAgent: "fairlead",
  detail: { message: "raise the pool" },
  ...more,
});

const line = (id: number): string => `${JSON.stringify(row(id))}\n`;
const ndjson = { headers: { "Content-Type": "application/x-ndjson; charset=utf-8" } };
const filters = [
  "--actor",
  "a",
  "--action",
  "b",
  "--after",
  "7",
  "--before",
  "2026-11-20T00:00:00Z",
];
const query = {
  actor: "a",
  action: "b",
  after: "7",
  before: "2026-11-20T00:00:00Z",
  revision: "3",
};

const exported = (reply: Reply) => startFakeServer(() => ({ ...ndjson, ...reply }));

describe("audit", () => {
  it("lists rows with the filters that were given, and says where the list was cut", async () => {
    await using server = await startFakeServer(() => ({
      body: { items: [row(9), row(8, { revision: null, address: null })], nextCursor: "more" },
    }));
    const argv = ["audit", ...filters, "--revision", "3", "--limit", "2"];
    const { stdout, stderr } = await runCaptured(argv, server);
    expect(server.received[0]).toMatchObject({
      path: "/v1/audit",
      query: { ...query, limit: "2" },
    });
    expect(stdout).toBe(
      [
        "ID  WHEN                      WHO               ACTION         REVISION  COUNT  ADDRESS    DETAIL",
        ' 9  2026-11-20T12:00:00.000Z  8fK2mQ0tXw7LpZ3a  entries.write        41      1  192.0.2.1  {"message":"raise the pool"}',
        ' 8  2026-11-20T12:00:00.000Z  8fK2mQ0tXw7LpZ3a  entries.write         -      1  -          {"message":"raise the pool"}',
        "",
      ].join("\n"),
    );
    expect(stderr).toContain("There are more");
  });
});

describe("audit --export", () => {
  it("writes each row as it arrives, while the answer goes on", async () => {
    const written = Promise.withResolvers<void>();
    const pieces = (async function* () {
      yield line(1);
      // Without the first row at the reader, the second is never sent.
      await written.promise;
      yield line(2);
    })();
    await using server = await exported({ pieces });
    let stdout = "";
    const write = (text: string): void => {
      stdout += text;
      written.resolve();
    };
    const argv = ["audit", "--export", ...filters, "--revision", "3"];
    const { exitCode } = await runCaptured(argv, { url: server.url, stdout: { write } });
    expect([exitCode, stdout]).toEqual([0, line(1) + line(2)]);
    expect(server.received[0]).toMatchObject({ path: "/v1/audit/export", query });
    expect(server.received[0]?.headers.accept).toBe("application/x-ndjson");
  });

  it("writes whole lines only, and says after which row to go on, where the answer breaks off", async () => {
    const pieces = [line(1), line(2) + line(3).slice(0, 20)];
    await using server = await exported({ pieces, fault: "cut" });
    const { exitCode, stdout, stderr } = await runCaptured(["audit", "--export"], server);
    expect([exitCode, stdout]).toEqual([7, line(1) + line(2)]);
    expect(stderr).toContain("The answer broke off");
    expect(stderr).toContain("--after 2");
  });

  it("takes an end within a line for a break, though the connection ended well", async () => {
    await using server = await exported({ pieces: [line(1), line(2).slice(0, 20)] });
    const { exitCode, stdout } = await runCaptured(["audit", "--export"], server);
    expect([exitCode, stdout]).toEqual([7, line(1)]);
  });

  it("gives up on a server that falls silent, not on one that takes its time as a whole", async () => {
    await using server = await exported({ pieces: [line(1)], fault: "silence" });
    const argv = ["audit", "--export", "--timeout", "0.3"];
    const { exitCode, stdout, stderr } = await runCaptured(argv, server);
    expect([exitCode, stdout]).toEqual([7, line(1)]);
    expect(stderr).toContain("--after 1");
  });

  it("waits for a reader that is slower than the server", async () => {
    await using server = await exported({ pieces: [line(1), line(2)] });
    const events: string[] = [];
    const stdout = {
      write: (text: string) => {
        events.push(
          ...text
            .trim()
            .split("\n")
            .map(() => "written"),
        );
        return false;
      },
      once: (_event: string, resume: () => void) => {
        events.push("drained");
        resume();
      },
    };
    await runCaptured(["audit", "--export"], { url: server.url, stdout });
    expect(events.filter((event) => event === "written")).toHaveLength(2);
    expect(events.at(-1)).toBe("drained");
  });

  it("is empty where no row passes, and retries what failed in passing", async () => {
    await using server = await startFakeServer((_request, index) =>
      index === 0 ? { fault: "cut" } : { ...ndjson, pieces: [] },
    );
    const { exitCode, stdout } = await runCaptured(["audit", "--export"], server);
    expect([exitCode, stdout, server.received.length]).toEqual([0, "", 2]);
  });

  it("tells the server's refusal, and what is no export at all", async () => {
    const body = { title: "Not allowed", status: 403, code: "FORBIDDEN" };
    await using refusing = await startFakeServer(() => ({ status: 403, body }));
    const refused = await runCaptured(["audit", "--export", "--json"], refusing);
    expect([refused.exitCode, JSON.parse(refused.stderr)]).toEqual([6, body]);
    await using other = await startFakeServer(() => ({ text: "<html>hello</html>" }));
    const { exitCode, stdout, stderr } = await runCaptured(["audit", "--export"], other);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("Is it a Fairlead server");
  });

  it("escapes what a row would do to a terminal, without changing what it means", async () => {
    const text = JSON.stringify(row(1, { userAgent: "\u009b2J\u202e" }));
    await using server = await exported({ pieces: [`${text}\n`] });
    const { stdout } = await runCaptured(["audit", "--export"], server);
    expect(stdout).not.toMatch(/[\u0080-\u009f\u202e]/);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(text));
  });
});
