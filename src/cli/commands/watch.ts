import { z } from "zod";
import {
  type Registration,
  runs,
  type ScopeOptions,
  withExamples,
  withScope,
} from "../define-command.ts";
import { followEvents } from "../events/follow-events.ts";
import type { ServerEvent } from "../events/parse-events.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { printRemark } from "../print.ts";
import { printable, printableJson } from "../printable.ts";
import { scopeName } from "../scope.ts";
import { unknownShape } from "../send-request.ts";
import type { Session } from "../session.ts";

interface WatchOptions extends ScopeOptions {
  readonly prefix?: string;
  readonly values?: boolean;
  readonly after?: string;
}

const path = "v1/stream";

const changeShape = z.looseObject({
  time: z.string(),
  data: z.looseObject({
    revision: z.number(),
    changes: z.array(
      z.looseObject({
        op: z.string(),
        app: z.string().nullish(),
        environment: z.string().nullish(),
        key: z.string(),
        version: z.number(),
        value: z.unknown().optional(),
      }),
    ),
  }),
});

const reasonShape = z.looseObject({ reason: z.string() });

const parsed = <Shape>(session: Session, shape: z.ZodType<Shape>, text: string): Shape => {
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw unknownShape(session, "GET", path, error);
  }
};

const printChanges = (session: Session, text: string): void => {
  const { data, time } = parsed(session, changeShape, text);
  for (const change of data.changes) {
    const value = "value" in change ? `  ${printableJson(change.value)}` : "";
    const words = [data.revision, time, change.op, scopeName(change), change.key];
    const line = `${words.join("  ")}  v${change.version}`;
    session.io.stdout.write(`${printable(line)}${value}\n`);
  }
};

/** What an event says, to people or, as a line of JSON, to programs. */
const print = (session: Session, { data, event, id }: ServerEvent): void => {
  if (event === undefined || data === undefined) return;
  if (session.json) {
    const told = { id, event, data: parsed(session, z.unknown(), data) };
    session.io.stdout.write(`${printableJson(told)}\n`);
  } else if (event === "change") {
    printChanges(session, data);
  } else if (event === "reset") {
    const { reason } = parsed(session, reasonShape, data);
    printRemark(session, `What changed before this is not known (${reason}): read anew.`);
  }
};

const watch = async (session: Session, options: WatchOptions): Promise<ExitCode> => {
  const { after, app, environment, prefix, values } = options;
  const events = followEvents(session, {
    path,
    query: { app, environment, prefix, values, after },
    onLost: (delayMs) => {
      const seconds = Math.ceil(delayMs / 1_000);
      printRemark(session, `The connection was lost; trying again in ${seconds} s.`);
    },
  });
  for await (const event of events) print(session, event);
  return exitCodes.ok;
};

export const addWatchCommand = (registration: Registration): void => {
  const command = registration.program
    .command("watch")
    .summary("follow changes as they are committed")
    .description(
      "Follows what changes for an app in an environment, as it is committed, until it is " +
        "interrupted. A lost connection is made again, and goes on where it was. With --json each " +
        "event is a line of JSON.",
    )
    .option("--prefix <prefix>", "only keys that begin so")
    .option("--values", "with the effective values")
    .option("--after <id>", "from this event's id on, instead of from now on");
  withScope(command, "what changes for readers");
  withExamples(command, [
    "watch --app payments --environment production",
    "watch --app payments --environment production --prefix db. --values",
    "watch --environment production --json | jq .data.data.revision",
  ]);
  command.action(runs(registration, command, watch));
};
