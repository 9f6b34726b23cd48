/** Asks for something ordinary all the time, in a process of its own, however busy others are. */
import { fork } from "node:child_process";
import { once } from "node:events";

/** Times are those of the machine, in milliseconds. */
interface SteadyAnswer {
  readonly startMs: number;
  readonly endMs: number;
  readonly status: number;
}

/** Begins to ask; the function that it answers ends that, and gives all answers. */
export const startAsking = (url: string, key: string): (() => Promise<readonly SteadyAnswer[]>) => {
  const env = { ...process.env, ASKED_URL: url, ASKED_WITH: key };
  const child = fork(import.meta.filename, { env, execArgv: [] });
  const answers: SteadyAnswer[] = [];
  child.on("message", (answer) => answers.push(answer as SteadyAnswer));
  return async () => {
    const ended = once(child, "exit");
    child.send("stop");
    await ended;
    return answers;
  };
};

const keepAsking = async (url: string, key: string): Promise<void> => {
  let isRunning = true;
  process.once("message", () => {
    isRunning = false;
  });
  process.once("disconnect", () => process.exit());
  while (isRunning) {
    const startMs = Date.now();
    const response = await fetch(url, { headers: { "x-api-key": key } });
    await response.arrayBuffer();
    const answer: SteadyAnswer = { startMs, endMs: Date.now(), status: response.status };
    process.send?.(answer);
  }
  process.disconnect();
};

const { ASKED_URL: asked, ASKED_WITH: askedWith = "" } = process.env;
if (asked !== undefined) await keepAsking(asked, askedWith);
