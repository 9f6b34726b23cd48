import { describeEvent } from "./describe-event.ts";
import type { Message, MessageInput } from "./message.ts";

/** What a block's text may hold; Slack refuses the whole message past it. */
const maxBlockCharacters = 3_000;

/**
 * A message for Slack's incoming webhooks. Words from outside stand in `plain_text`, and `mrkdwn` is off
 * for the text that notifications show, so that nothing in them is markup; the three characters that
 * begin links and mentions are escaped, as Slack asks for.
 */
export const renderSlackMessage = (input: MessageInput): Message => {
  const { lines, title } = describeEvent(input);
  const escaped = lines.map(escapeText);
  const body = {
    text: [title, ...escaped].join("\n"),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: "header", text: plain(title) },
      ...sectionsOf(escaped).map((text) => ({ type: "section", text: plain(text) })),
    ],
  };
  return { contentType: "application/json; charset=utf-8", body: JSON.stringify(body) };
};

const plain = (text: string) => ({ type: "plain_text", text, emoji: false });

const escapeText = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** As many lines together as fit into a block. */
const sectionsOf = (lines: readonly string[]): readonly string[] => {
  const sections: string[] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    const joined = `${last}\n${line}`;
    if (last === undefined || joined.length > maxBlockCharacters) sections.push(line);
    else sections[sections.length - 1] = joined;
  }
  return sections;
};
