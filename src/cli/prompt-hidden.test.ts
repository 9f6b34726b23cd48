import { describe, expect, it } from "vitest";
import { promptHidden } from "./prompt-hidden.ts";

/** A terminal on which `typed` arrives in pieces; it notes what is shown, and whether echo was off. */
const terminalOf = (...typed: string[]) => {
  const events: string[] = [];
  const io = {
    stdout: { write: () => {} },
    stderr: { write: (text: string) => events.push(text) },
    stdin: (async function* () {
      for (const piece of typed) yield new TextEncoder().encode(piece);
    })(),
    env: {},
    cwd: "/",
    isTerminal: true,
    columns: 80,
    setRawMode: (raw: boolean) => events.push(raw ? "echo off" : "echo on"),
  };
  return { io, events };
};

describe("a hidden prompt", () => {
  it("takes a line without showing it, with echo off before the question is there", async () => {
    const { io, events } = terminalOf("s3c", "ret\r", "more");
    expect(await promptHidden(io, "Key:")).toBe("s3cret");
    expect(events).toEqual(["echo off", "Key: ", "echo on", "\n"]);
  });

  it.each([
    ["a correction", ["s3x\u007fcrex\bt\n"], "s3cret"],
    ["a line that is begun anew", ["wrong\u0015s3cret\r"], "s3cret"],
    ["the end of input", ["s3cret"], "s3cret"],
    ["Ctrl-D", ["s3cret\u0004"], "s3cret"],
  ])("heeds %s", async (_what, typed, expected) => {
    expect(await promptHidden(terminalOf(...typed).io, "Key:")).toBe(expected);
  });

  it("gives up on Ctrl-C and leaves the terminal as it was", async () => {
    const { io, events } = terminalOf("s3c", "\u0003");
    await expect(promptHidden(io, "Key:")).rejects.toThrow("Interrupted");
    expect(events.slice(-2)).toEqual(["echo on", "\n"]);
    expect(events.join("")).not.toContain("s3c");
  });
});
