import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import { type Webhook, webhookShape } from "../webhook-shapes.ts";
import { webhookPath } from "./webhook-path.ts";

/** What the server shows of a webhook; its secret it does not. */
export const readWebhook = async (session: Session, id: string): Promise<Webhook> => {
  const { body } = await sendRequest(session, { path: webhookPath(id), shape: webhookShape });
  return body;
};
