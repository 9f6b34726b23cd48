import { printLine, printRemark } from "../print.ts";
import type { Session } from "../session.ts";
import type { ToldWebhook } from "../webhook-shapes.ts";

/** The secret alone goes to standard output, so that a pipe gets it bare. */
export const printSecret = (session: Session, { publicKey, secret }: ToldWebhook): void => {
  if (publicKey != null) printRemark(session, `Its v1a signatures are verified with ${publicKey}`);
  printRemark(
    session,
    "Its receiver verifies with this secret. Keep it now: it is shown this once.",
  );
  printRemark(session, "");
  printLine(session, secret);
  printRemark(session, "");
};
