import { describe, expect, it } from "vitest";
import { runCaptured } from "../testing/run-captured.ts";
import { temporaryFiles } from "../testing/temporary-files.ts";

describe("the plugin map", () => {
  it.each([
    ["[]", "must map"],
    [`{"a":{"command":[]}}`, "a.command"],
    [`{"a":{"command":["x"],"env":["FAIRLEAD_API_KEY"]}}`, "a.env.0"],
    [`{"a":{"command":["x"],"shell":true}}`, "shell"],
  ])("is refused where it is %s", async (text, said) => {
    await using files = await temporaryFiles({ "plugins.json": text });
    const { exitCode, stderr } = await runCaptured(
      ["runtime", "--id", "one", "--plugins", "plugins.json"],
      files,
    );
    expect(exitCode).toBe(5);
    expect(stderr).toContain(said);
  });
});
