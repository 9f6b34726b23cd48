import { type ApiKey, apiKeyShape } from "../../access-shapes.ts";
import { sendRequest } from "../../send-request.ts";
import type { Session } from "../../session.ts";

/** What the server knows of a key; its secret it does not. */
export const readKey = async (session: Session, id: string): Promise<ApiKey> => {
  const path = `v1/api-keys/${encodeURIComponent(id)}`;
  const { body } = await sendRequest(session, { path, shape: apiKeyShape });
  return body;
};
