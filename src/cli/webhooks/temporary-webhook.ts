import { hostname } from "node:os";
import { z } from "zod";
import { nothingShape } from "../access-shapes.ts";
import { exitCodes } from "../exit-codes.ts";
import { asFailure, Failure, usageFailure } from "../failure.ts";
import { sendRequest } from "../send-request.ts";
import { isLoopback } from "../server-address.ts";
import type { Session } from "../session.ts";
import { type ToldWebhook, toldWebhookShape } from "../webhook-shapes.ts";
import { webhookPath } from "./webhook-path.ts";

const placesShape = z.array(z.looseObject({ path: z.string() }));

const isRefusedUrl = ({ document }: Failure): boolean =>
  document.code === "INVALID_INPUT" &&
  (placesShape.safeParse(document.errors).data ?? []).some(({ path }) => path === "url");

/**
 * Makes a webhook for an address of this machine.
 *
 * @throws Failure that says what to set where the server calls no such address
 */
export const createTemporaryWebhook = async (
  session: Session,
  url: string,
  members: object,
): Promise<ToldWebhook> => {
  if (!isLoopback(session.url)) {
    throw usageFailure("--create is for a server on this machine: another one cannot reach it.");
  }
  const description = `Temporary: fairlead webhooks listen on ${hostname()}`;
  try {
    const { body } = await sendRequest(session, {
      method: "POST",
      path: "v1/webhooks",
      body: { url, description, ...members },
      shape: toldWebhookShape,
      shownBy: "fairlead webhooks list",
    });
    return body;
  } catch (error) {
    const failure = asFailure(error);
    if (!isRefusedUrl(failure)) throw failure;
    throw new Failure(failure.exitCode, failure.document, {
      hint: "The server calls no address of this machine unless it is started with WEBHOOK_ALLOW_PRIVATE=127.0.0.0/8, in every process.",
      page: failure.page,
      cause: error,
    });
  }
};

/** Deletes it; somebody may have done that already. */
export const deleteTemporaryWebhook = async (session: Session, id: string): Promise<void> => {
  try {
    await sendRequest(session, { method: "DELETE", path: webhookPath(id), shape: nothingShape });
  } catch (error) {
    const failure = asFailure(error);
    if (failure.exitCode === exitCodes.notFound) return;
    const hint = `The webhook is left: \`fairlead webhooks delete ${id} --yes\` deletes it.`;
    throw new Failure(failure.exitCode, failure.document, {
      hint,
      page: failure.page,
      cause: error,
    });
  }
};
