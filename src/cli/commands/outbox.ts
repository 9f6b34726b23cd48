import type { z } from "zod";
import { type Registration, runs, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { defaultLimit, limitOption, printMore } from "../limit-option.ts";
import { outboxShape } from "../outbox-shapes.ts";
import { printJson, printLine, printRemark, printTable, textCell } from "../print.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { addOutboxRedriveCommand } from "./outbox/redrive.ts";

interface OutboxOptions {
  readonly consumer?: string;
  readonly limit?: number;
}

type Outbox = z.infer<typeof outboxShape>;

const printConsumers = (session: Session, { consumers }: Outbox): void => {
  const columns = [
    { title: "CONSUMER" },
    { title: "KIND" },
    { title: "REVISION", align: "right" },
    { title: "BEHIND", align: "right" },
    { title: "SECONDS", align: "right" },
    { title: "PARKED", align: "right" },
    { title: "FAILURES", align: "right" },
    { title: "LAST ERROR", minimumWidth: 10 },
  ] as const;
  const rows = consumers.map((one) => [
    textCell(one.name),
    textCell(one.kind),
    textCell(one.revision),
    textCell(one.lagRevisions),
    textCell(one.lagSeconds.toFixed(1)),
    textCell(one.parked),
    textCell(one.attempts),
    // Without failures in a row it is over.
    textCell(one.attempts === 0 ? null : one.lastError),
  ]);
  printTable(session, columns, rows);
};

const printParked = (session: Session, { items }: Outbox): void => {
  const columns = [
    { title: "PARKED BY" },
    { title: "REVISION", align: "right" },
    { title: "FAILURES", align: "right" },
    { title: "SINCE" },
    { title: "NEXT ATTEMPT" },
    { title: "LAST ERROR", minimumWidth: 10 },
  ] as const;
  const rows = items.map((one) => [
    textCell(one.consumer),
    textCell(one.revision),
    textCell(one.attempts),
    textCell(one.parkedAt),
    textCell(one.nextAttemptAt),
    textCell(one.lastError),
  ]);
  printTable(session, columns, rows);
};

const list = async (
  session: Session,
  { consumer, limit = defaultLimit }: OutboxOptions,
): Promise<ExitCode> => {
  const query = { consumer, limit };
  const { body } = await sendRequest(session, { path: "v1/outbox", query, shape: outboxShape });
  if (session.json) {
    printJson(session, body);
    return exitCodes.ok;
  }
  printConsumers(session, body);
  if (body.items.length > 0) {
    printLine(session, "");
    printParked(session, body);
    printMore(session, body.nextCursor != null);
  }
  const { oldestRevision, windowDays } = body.retention;
  printRemark(
    session,
    `The newest revision is ${body.revision}. The outbox goes back to ${oldestRevision ?? "none"}; its window is ${windowDays} days.`,
  );
  return exitCodes.ok;
};

export const addOutboxCommands = (registration: Registration): void => {
  const command = registration.program
    .command("outbox")
    .summary("see how changes reach their consumers, and put parked events back")
    .description(
      "Shows how far each consumer of the outbox has come, and the events that are parked because " +
        "they could not be delivered.",
    )
    .option("--consumer <name>", "only what this one has parked")
    .addOption(limitOption("parked events"));
  withExamples(command, ["outbox", "outbox --consumer webhooks --json"]);
  command.action(runs(registration, command, list));
  addOutboxRedriveCommand({ ...registration, program: command });
};
