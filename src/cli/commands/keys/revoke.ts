import { type ApiKey, nothingShape } from "../../access-shapes.ts";
import { confirm, isInteractive } from "../../confirm.ts";
import { type Registration, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { Failure, usageFailure } from "../../failure.ts";
import { checkedKeyId } from "../../key-id.ts";
import { printJson, printLine, printRemark } from "../../print.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";
import { readKey } from "./read-key.ts";

interface RevokeOptions {
  readonly yes?: boolean;
}

const report = (session: Session, id: string, text: string): ExitCode => {
  if (session.json) printJson(session, { id, state: "revoked" });
  else printLine(session, text);
  return exitCodes.ok;
};

/** The key if it is revoked already: by somebody else, or by a first attempt that got no answer. */
const findRevoked = async (session: Session, id: string): Promise<ApiKey | undefined> => {
  // Not everybody who may revoke keys may read them.
  const key = await readKey(session, id).catch(() => undefined);
  return key?.state === "revoked" ? key : undefined;
};

const isConsented = async (session: Session, id: string, yes: boolean): Promise<boolean> => {
  if (yes) return true;
  if (session.json || !isInteractive(session.io)) {
    throw usageFailure("What uses the key is refused from then on: say --yes to revoke it.");
  }
  const { name } = await readKey(session, id);
  return confirm(session.io, `Revoke the API key ${id} (${name ?? "-"}) for good?`);
};

const revoke = async (
  session: Session,
  id: string,
  { yes = false }: RevokeOptions,
): Promise<ExitCode> => {
  checkedKeyId(id);
  if (!(await isConsented(session, id, yes))) {
    printRemark(session, "Nothing was revoked.");
    return exitCodes.failure;
  }
  try {
    await sendRequest(session, {
      method: "DELETE",
      path: `v1/api-keys/${encodeURIComponent(id)}`,
      shape: nothingShape,
      shownBy: "fairlead keys list --state revoked",
    });
  } catch (error) {
    const isMissing = error instanceof Failure && error.exitCode === exitCodes.notFound;
    const key = isMissing ? await findRevoked(session, id) : undefined;
    if (key === undefined) throw error;
    return report(session, id, `The API key ${id} is revoked since ${key.revokedAt ?? "before"}.`);
  }
  return report(session, id, `Revoked the API key ${id}.`);
};

export const addKeysRevokeCommand = (registration: Registration): void => {
  const command = registration.program
    .command("revoke")
    .summary("revoke an API key for good")
    .description("Revokes an API key: what uses it is refused within seconds, for good.")
    .argument("<id>", "the key's id, as `keys list` shows it")
    .option("-y, --yes", "do not ask");
  withExamples(command, ["keys revoke 8fK2mQ0tXw7LpZ3a", "keys revoke 8fK2mQ0tXw7LpZ3a --yes"]);
  command.action(runs(registration, command, revoke));
};
