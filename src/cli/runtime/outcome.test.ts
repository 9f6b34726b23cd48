import { describe, expect, it } from "vitest";
import type { Json } from "../../platform/json.ts";
import { outcomeOf } from "./outcome.ts";

const end = { exitCode: 0, reason: undefined, stdout: "", stderr: "", isCut: false };

describe("evidence", () => {
  it.each<[string, Json]>([
    ['{"a":[1]}', { a: [1] }],
    ["not JSON", "not JSON"],
    [" \n", null],
    ["a\0b", "a\ufffdb"],
    ['{"a":"\0"}', { a: "\ufffd" }],
    [String.raw`{"a\u0000":["\u0000b"]}`, { "a\ufffd": ["\ufffdb"] }],
    // An escaped backslash before it makes it plain text.
    [String.raw`["\\u0000","\\\u0000"]`, ["\\u0000", "\\\ufffd"]],
    // What is no JSON is left as it is written.
    [String.raw`\u0000`, String.raw`\u0000`],
    [String.raw`{"a\u0000":1,"a\ufffd":2}`, String.raw`{"a\u0000":1,"a\ufffd":2}`],
  ])("of %j holds no U+0000, and says that it passed", (stdout, evidence) => {
    expect(outcomeOf({ ...end, stdout })).toEqual({ status: "passed", evidence });
  });

  it("that was cut, or is of an error, holds none either", () => {
    const stdout = "a\0";
    expect(outcomeOf({ ...end, stdout, isCut: true, exitCode: 1 })).toEqual({
      status: "failed",
      evidence: { output: "a\ufffd", isCut: true },
    });
    expect(outcomeOf({ ...end, stdout, stderr: "\0", exitCode: 2 })).toEqual({
      status: "error",
      evidence: {
        error: "The command has failed: exit code 2.",
        output: "a\ufffd",
        stderr: "\ufffd",
      },
    });
  });
});
