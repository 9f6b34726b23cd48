import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import type { Io } from "./io.ts";
import { printable } from "./printable.ts";

const interrupted = (): Failure =>
  new Failure(exitCodes.failure, { title: "Interrupted", code: "INTERRUPTED" });

interface Line {
  readonly text: string;
  readonly isEnded: boolean;
}

/** What a terminal in cooked mode would do with the characters, but for showing them. */
const typeInto = (before: string, typed: string): Line => {
  let text = before;
  for (const character of typed) {
    if (character === "\u0003") throw interrupted();
    if (character === "\r" || character === "\n" || character === "\u0004") {
      return { text, isEnded: true };
    }
    if (character === "\u007f" || character === "\b") text = text.slice(0, -1);
    else if (character === "\u0015") text = "";
    else text += character;
  }
  return { text, isEnded: false };
};

/**
 * Asks for a secret on standard error; what is typed or pasted is not shown.
 * @throws Failure after Ctrl-C
 */
export const promptHidden = async (io: Io, question: string): Promise<string> => {
  const input = io.stdin?.[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let line: Line = { text: "", isEnded: input === undefined };
  // Before the question: nothing typed in answer to it may be shown.
  io.setRawMode?.(true);
  try {
    io.stderr.write(`${printable(question)} `);
    while (!line.isEnded) {
      const next = await input?.next();
      if (next === undefined || next.done === true) break;
      const { value } = next;
      const typed = typeof value === "string" ? value : decoder.decode(value, { stream: true });
      line = typeInto(line.text, typed);
    }
    return line.text;
  } finally {
    // While the input is still open: a closed one no longer takes it.
    io.setRawMode?.(false);
    io.stderr.write("\n");
    await input?.return?.();
  }
};
