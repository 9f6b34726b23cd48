import { Problem } from "../errors.ts";
import {
  matchesStrongly,
  matchesWeakly,
  type TagCondition,
  tagsOf,
} from "../platform/entity-tag.ts";
import type { Reply } from "./route.ts";

/** The tags of `If-Match` or `If-None-Match` (RFC 9110, section 13.1); undefined without the header. */
const tagCondition = (
  headers: Headers,
  name: "if-match" | "if-none-match",
): TagCondition | undefined => {
  const value = headers.get(name)?.trim();
  return value === undefined ? undefined : tagsOf(value);
};

/** Both conditions, as a write must heed them. */
export const writeConditions = (headers: Headers) => ({
  ifMatch: tagCondition(headers, "if-match"),
  ifNoneMatch: tagCondition(headers, "if-none-match"),
});

interface ReadReply {
  /** The deployment's revision that the answer shows; none where it follows in its own time. */
  readonly revision?: number;
  /** Of an answer that may be older than promised. */
  readonly staleMs?: number | undefined;
  readonly tag: string;
  readonly body?: unknown;
  readonly text?: Reply["text"];
}

/** What a read sends along, whatever it reads. */
export const readHeaders = {
  "cache-control": "private, no-cache",
  vary: "Authorization, X-API-Key, Accept",
} as const;

/** It may never have been known. */
const longestStaleSeconds = 365 * 86_400;

/** For how many seconds it has not been known that an answer is the newest, where that is too long. */
export const staleSecondsOf = (staleMs: number | undefined): number | undefined =>
  staleMs === undefined ? undefined : Math.min(Math.ceil(staleMs / 1_000), longestStaleSeconds);

export const staleHeader = (staleMs: number | undefined): Readonly<Record<string, string>> =>
  staleMs === undefined ? {} : { "config-stale": String(staleSecondsOf(staleMs)) };

/**
 * Answers a read: 304 without a body where the client holds what the tag names.
 *
 * @throws Problem `PRECONDITION_FAILED` where `If-Match` insists on another state
 */
export const replyToRead = (
  headers: Headers,
  { body, revision, staleMs, tag, text }: ReadReply,
): Reply => {
  const needed = tagCondition(headers, "if-match");
  if (needed !== undefined && !matchesStrongly(needed, tag)) {
    throw new Problem("PRECONDITION_FAILED", `If-Match does not hold; the current ETag is ${tag}`, {
      headers: { etag: tag },
    });
  }
  const condition = tagCondition(headers, "if-none-match");
  const replyHeaders = {
    etag: tag,
    ...(revision === undefined ? {} : { "config-revision": String(revision) }),
    ...staleHeader(staleMs),
  };
  if (condition !== undefined && matchesWeakly(condition, tag)) {
    return { status: 304, headers: replyHeaders };
  }
  return {
    headers: replyHeaders,
    ...(text === undefined ? { body } : { text }),
  };
};
