import { renderCloudEvent } from "./cloud-event.ts";
import type { Message, MessageInput } from "./message.ts";
import { renderSlackMessage } from "./slack-message.ts";
import { renderTeamsMessage } from "./teams-message.ts";

const renderers = {
  cloudevents: renderCloudEvent,
  slack: renderSlackMessage,
  teams: renderTeamsMessage,
} as const;

/** The body of a delivery, in the format that its webhook asked for. */
export const renderMessage = ({
  format,
  ...input
}: MessageInput & { readonly format: keyof typeof renderers }): Message => renderers[format](input);
