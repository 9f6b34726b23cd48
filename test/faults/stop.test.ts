import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startServer } from "../helpers/start-server.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fairlead-stop-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a process that is told to stop", () => {
  it("is not held up by connections that have sent nothing: it writes down what it knows", async () => {
    const server = await startServer({ DATA_DIR: folder }, () => ({
      command: ["node", "src/entry/node.ts"],
    }));
    const { hostname, port } = new URL(server.url);
    const silent = [0, 1].map(() => connect(Number(port), hostname));
    await Promise.all(silent.map((socket) => once(socket, "connect")));
    silent[1]?.write("GET /livez HTTP/1.1\r\nhost");
    const ended = Promise.all(silent.map((socket) => once(socket, "close")));
    for (const socket of silent) socket.on("error", () => {}).resume();
    await server.stop();
    await ended;
    expect(await readdir(join(folder, "last-known"))).toContain("access.ndjson");
  });
});
