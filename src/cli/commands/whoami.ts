import { whoamiShape } from "../access-shapes.ts";
import { type Registration, runs, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { defaultsText, grantTexts, timeText } from "../key-members.ts";
import { printJson } from "../print.ts";
import { printMembers } from "../print-members.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";

const whoami = async (session: Session): Promise<ExitCode> => {
  const { body } = await sendRequest(session, { path: "v1/whoami", shape: whoamiShape });
  const server = session.url.href;
  const { profile = null, keySource = null } = session;
  if (session.json) {
    printJson(session, { ...body, server, profile, keySource });
    return exitCodes.ok;
  }
  printMembers(session, [
    ["who", [body.actor.type, body.actor.id].filter((part) => part != null).join(" ")],
    ["name", body.name ?? "-"],
    ["authenticated by", body.authentication ?? "-"],
    ["grants", grantTexts(body)],
    ["defaults", defaultsText(body)],
    ["expires", timeText(body.expiresAt)],
    ["actions", body.actions],
    ["server", server],
    ["profile", profile ?? "-"],
    ["key from", keySource ?? "-"],
  ]);
  return exitCodes.ok;
};

export const addWhoamiCommand = (registration: Registration): void => {
  const command = registration.program
    .command("whoami")
    .summary("show who you are to the server, and what you may do")
    .description(
      "Shows who the server takes you for, what you may do there, which server that is, and where " +
        "the API key comes from.",
    );
  withExamples(command, ["whoami", "whoami --profile production"]);
  command.action(runs(registration, command, whoami));
};
