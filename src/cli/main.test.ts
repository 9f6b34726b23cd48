import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { startFakeServer } from "./testing/fake-server.ts";

const start = (...argv: string[]) =>
  spawn(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url)), ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });

const textOf = async (stream: NodeJS.ReadableStream): Promise<string> => {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
};

describe("the process", () => {
  it("exits with the exit code, and keeps errors off standard output", async () => {
    const child = start("no-such-command");
    const [stdout, stderr, [exitCode]] = await Promise.all([
      textOf(child.stdout),
      textOf(child.stderr),
      once(child, "exit"),
    ]);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("no-such-command");
  });

  it("ends quietly when its reader goes away", async () => {
    const values = Object.fromEntries(
      Array.from({ length: 50_000 }, (_, index) => [`key.${index}`, "x".repeat(40)]),
    );
    await using server = await startFakeServer(() => ({ body: { values } }));
    const child = start("get", "--all", "--url", server.url);
    const errors = textOf(child.stderr);
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [exitCode] = await once(child, "exit");
    expect([exitCode, await errors]).toEqual([0, ""]);
  });
});
