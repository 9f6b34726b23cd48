import { matchesWeakly, type TagCondition } from "../platform/entity-tag.ts";
import type { Reply } from "./route.ts";

/** The tags of `If-Match` or `If-None-Match` (RFC 9110, section 13.1); undefined without the header. */
export const tagCondition = (
  headers: Headers,
  name: "if-match" | "if-none-match",
): TagCondition | undefined => {
  const value = headers.get(name)?.trim();
  if (value === undefined) return undefined;
  if (value === "*") return "*";
  return value.match(/(?:W\/)?"[^"]*"/g) ?? [value];
};

/** What a read sends along, whatever it reads. */
const readHeaders = {
  "cache-control": "private, no-cache",
  vary: "Authorization, X-API-Key, Accept",
} as const;

interface ReadReply {
  /** The deployment's revision that the answer shows. */
  readonly revision: number;
  readonly tag: string;
  readonly body?: unknown;
  readonly text?: Reply["text"];
}

/** Answers a read: 304 without a body where the client holds what the tag names. */
export const replyToRead = (headers: Headers, { body, revision, tag, text }: ReadReply): Reply => {
  const condition = tagCondition(headers, "if-none-match");
  const replyHeaders = { ...readHeaders, etag: tag, "config-revision": String(revision) };
  if (condition !== undefined && matchesWeakly(condition, tag)) {
    return { status: 304, headers: replyHeaders };
  }
  return {
    headers: replyHeaders,
    ...(text === undefined ? { body } : { text }),
  };
};
