import { describe, expect, it } from "vitest";
import { startFakeServer } from "../testing/fake-server.ts";
import { runCaptured } from "../testing/run-captured.ts";

describe("environments", () => {
  it("lists them in the server's order", async () => {
    const items = [
      { name: "development", rank: 10, protected: false },
      { name: "production", rank: 30, protected: true },
    ];
    await using server = await startFakeServer(() => ({ body: { items } }));
    const { stdout } = await runCaptured(["environments"], server);
    expect(stdout).toBe(
      "NAME         RANK  PROTECTED\ndevelopment    10  no\nproduction     30  yes\n",
    );
  });

  it("creates one", async () => {
    const body = { name: "docker", rank: 40, protected: true };
    await using server = await startFakeServer(() => ({ status: 201, body }));
    const argv = ["environments", "create", "docker", "--rank", "40", "--protected"];
    const { stdout } = await runCaptured(argv, server);
    expect(server.received[0]).toMatchObject({ method: "POST", path: "/v1/environments", body });
    expect(stdout).toBe("Created the environment docker.\n");
  });
});

describe("apps", () => {
  it("lists them, page by page", async () => {
    await using server = await startFakeServer(({ query }) => ({
      body: query["cursor"]
        ? { items: [{ name: "b" }] }
        : { items: [{ name: "a" }], nextCursor: "1" },
    }));
    expect((await runCaptured(["apps"], server)).stdout).toBe("NAME\na\nb\n");
    const { stdout } = await runCaptured(["apps", "--json"], server);
    expect(JSON.parse(stdout)).toEqual({ items: [{ name: "a" }, { name: "b" }] });
  });
});
