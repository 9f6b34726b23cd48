import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { printJson } from "../print.ts";
import { printMembers } from "../print-members.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { deliveryDetailsShape } from "../webhook-shapes.ts";
import { checkedId, webhookPath } from "./webhook-path.ts";

const orNothing = (value: string | number | null | undefined): string | undefined =>
  value == null || value === "" ? undefined : String(value);

/** Shows one delivery of a webhook: how it goes, and what it says. */
export const showDelivery = async (
  session: Session,
  id: string,
  delivery: string,
): Promise<ExitCode> => {
  const path = webhookPath(id, "deliveries", checkedId(delivery, `webhooks deliveries ${id}`));
  const { body } = await sendRequest(session, { path, shape: deliveryDetailsShape });
  if (session.json) {
    printJson(session, body);
    return exitCodes.ok;
  }
  printMembers(session, [
    ["id", body.id],
    ["event", body.eventId],
    ["type", body.eventType],
    ["revision", orNothing(body.revision)],
    ["state", body.state],
    ["attempts", String(body.attempts)],
    ["interrupted", body.interrupted === 0 ? undefined : orNothing(body.interrupted)],
    ["made", orNothing(body.createdAt)],
    ["last attempt", orNothing(body.startedAt)],
    ["next attempt", orNothing(body.nextAttemptAt)],
    ["ended", orNothing(body.endedAt)],
    ["status", orNothing(body.status)],
    ["took", body.durationMs == null ? undefined : `${body.durationMs} ms`],
    ["error", orNothing(body.error)],
    ["answer", orNothing(body.excerpt)],
    ["content type", orNothing(body.contentType)],
    ["body", body.body ?? "(not shown: your key may not read every entry that it is about)"],
  ]);
  return exitCodes.ok;
};
