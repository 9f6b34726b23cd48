import { describeEvent } from "./describe-event.ts";
import type { Message, MessageInput } from "./message.ts";

/**
 * A message with an Adaptive Card, for Teams' workflows. A `TextBlock` would read words from outside as
 * Markdown, a `TextRun` does not; what is left are functions in double braces, which are taken apart.
 */
export const renderTeamsMessage = (input: MessageInput): Message => {
  const { lines, title } = describeEvent(input);
  const body = {
    type: "message",
    summary: title,
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [paragraph(title, { weight: "Bolder", size: "Medium" }), ...lines.map(toParagraph)],
        },
      },
    ],
  };
  return { contentType: "application/json; charset=utf-8", body: JSON.stringify(body) };
};

const toParagraph = (line: string) => paragraph(apart(line), {});

const paragraph = (text: string, style: Readonly<Record<string, string>>) => ({
  type: "RichTextBlock",
  inlines: [{ type: "TextRun", text, ...style }],
});

/** `{{DATE(…)}}` → `{ {DATE(…)} }`, and `${…}` of templates likewise. */
const apart = (text: string): string =>
  text.replaceAll(/(?<=[{$])\{/g, " {").replaceAll(/(?<=\})\}/g, " }");
