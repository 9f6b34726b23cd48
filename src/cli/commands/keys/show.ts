import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { checkedKeyId } from "../../key-id.ts";
import { defaultsText, grantTexts, timeText } from "../../key-members.ts";
import { printJson } from "../../print.ts";
import { printMembers } from "../../print-members.ts";
import type { Session } from "../../session.ts";
import { readKey } from "./read-key.ts";

const byWhom = (time: string | null | undefined, who: string | null | undefined): string =>
  `${time ?? "-"}${who == null ? "" : ` by ${who}`}`;

const show = async (session: Session, id: string): Promise<ExitCode> => {
  const key = await readKey(session, checkedKeyId(id));
  if (session.json) {
    printJson(session, key);
    return exitCodes.ok;
  }
  printMembers(session, [
    ["id", key.id],
    ["name", key.name ?? "-"],
    ["state", key.state ?? "-"],
    ["grants", grantTexts(key)],
    ["defaults", defaultsText(key)],
    ["created", byWhom(key.createdAt, key.createdBy)],
    ["last used", timeText(key.lastUsedAt)],
    ["expires", timeText(key.expiresAt)],
    ["revoked", key.revokedAt == null ? undefined : byWhom(key.revokedAt, key.revokedBy)],
  ]);
  return exitCodes.ok;
};

export const addKeysShowCommand = (registration: Registration): void => {
  const command = registration.program
    .command("show")
    .summary("show one API key")
    .description("Shows what the server knows of an API key: all but the secret.")
    .argument("<id>", "the key's id, as `keys list` shows it");
  withExamples(command, ["keys show 8fK2mQ0tXw7LpZ3a"]);
  command.action(runs(registration, command, show));
};
