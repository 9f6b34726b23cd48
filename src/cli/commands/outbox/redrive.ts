import { type Registration, runs, wholeNumber, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { redrivenShape } from "../../outbox-shapes.ts";
import { printJson, printLine } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";

interface RedriveOptions {
  readonly revision?: number;
  readonly all?: boolean;
}

const redrive = async (
  session: Session,
  consumer: string,
  { all = false, revision }: RedriveOptions,
): Promise<ExitCode> => {
  if (all === (revision !== undefined)) {
    throw usageFailure("outbox redrive wants either --revision or --all.");
  }
  const { body } = await sendRequest(session, {
    method: "POST",
    path: `v1/outbox/${encodeURIComponent(consumer)}/redrive`,
    body: all ? { all } : { revision },
    shape: redrivenShape,
    shownBy: "fairlead outbox",
  });
  if (session.json) printJson(session, body);
  else printLine(session, `Put back ${body.redriven} of what ${body.consumer} has parked.`);
  return exitCodes.ok;
};

export const addOutboxRedriveCommand = (registration: Registration): void => {
  const command = registration.program
    .command("redrive")
    .summary("have parked events tried anew")
    .description(
      "Puts parked events back, to be tried soon, as often as new ones. What fails again stays parked.",
    )
    .argument("<consumer>", "whose events, as `outbox` shows it")
    .option("--revision <n>", "the event of this revision", wholeNumber(1))
    .option("--all", "all of the consumer's");
  withExamples(command, ["outbox redrive webhooks --all", "outbox redrive webhooks --revision 41"]);
  command.action(runs(registration, command, redrive));
};
