import type { Context } from "hono";
import type { Deps, Identity, ScopeDefaults } from "../context.ts";
import { staleHeader } from "../http/conditional.ts";
import { presentedKey } from "../http/presented-key.ts";
import { requestId } from "../http/request-info.ts";
import { type AppEnv, type HotHandler, readHeaders } from "../http/route.ts";
import type { OpenedView } from "../layers/memory/reading.ts";
import type { KeyFilter } from "../permissions/key-filter.ts";
import { matchesWeakly, tagsOf } from "../platform/entity-tag.ts";
import { keyPattern } from "../platform/names.ts";
import { documentText, type ReadText, valueText } from "./read-texts.ts";

/** A read that memory can answer: who reads, what they may see, and what it resolves to. */
interface HotRead {
  readonly scope: ScopeDefaults;
  readonly visible: KeyFilter;
  readonly opened: OpenedView;
  /** Counts the answer; its age, where it is older than promised. */
  readonly count: () => number | undefined;
}

/**
 * Reads one value without a schema, without building JSON and without waiting, where everything is in
 * memory and the request says no more than where. Everything else, every error included, is left to the
 * route's own handler, which answers the same.
 */
export const hotReadConfig: HotHandler = (c, deps) => {
  const read = openHotRead(c, deps);
  const key = c.req.param("key");
  if (read === undefined || key === undefined || !keyPattern.test(key)) return undefined;
  if (!read.visible.allows(key)) return undefined;
  const text = valueText(read.opened, key);
  return text === undefined ? undefined : answer(c, read, text);
};

/** Reads a whole document so. */
export const hotReadDocument: HotHandler = (c, deps) => {
  const read = openHotRead(c, deps);
  if (read === undefined || read.visible.permits === "none") return undefined;
  return answer(c, read, documentText(read.opened, read.scope, read.visible));
};

const openHotRead = (
  c: Context<AppEnv>,
  { access, layers, settings }: Deps,
): HotRead | undefined => {
  if (layers === undefined) return undefined;
  const { headers } = c.req.raw;
  if (headers.has("if-match")) return undefined;
  const key = presentedKey(headers);
  const identity = key === undefined ? undefined : access.remembered(key);
  if (identity === undefined) return undefined;
  const asked = askedOf(c.req.url, identity);
  if (asked === undefined) return undefined;
  const { minRevision, ...scope } = asked;
  const opened = layers.peek({ kind: "config", ...scope });
  if (opened === undefined || opened.revision < minRevision) return undefined;
  const visible = identity.permissions.keys("entries.read", "config", scope.app, scope.environment);
  return { scope, visible, opened, count: () => layers.countRead(settings.maxStalenessMs) };
};

/** Names and numbers that need no decoding; whatever else a query says is not for the hot path. */
const plainPair =
  /^(?:(app|environment)=([A-Za-z0-9][A-Za-z0-9._-]{0,63})|minRevision=(\d{1,15}))$/;

const askedOf = (
  url: string,
  { defaults }: Identity,
): (ScopeDefaults & { readonly minRevision: number }) | undefined => {
  const start = url.indexOf("?");
  if (start === -1) return { ...defaults, minRevision: 0 };
  let app: string | undefined;
  let environment: string | undefined;
  let minRevision: number | undefined;
  for (const pair of url.slice(start + 1).split("&")) {
    const [, name, value, revision] = plainPair.exec(pair) ?? [];
    if (name === "app" && app === undefined) app = value;
    else if (name === "environment" && environment === undefined) environment = value;
    else if (revision !== undefined && minRevision === undefined) minRevision = Number(revision);
    else return undefined;
  }
  return {
    app: app ?? defaults.app,
    environment: environment ?? defaults.environment,
    minRevision: minRevision ?? 0,
  };
};

const answer = (
  c: Context<AppEnv>,
  { count, opened }: HotRead,
  { tag, text }: ReadText,
): Response => {
  const { headers } = c.req.raw;
  const head = {
    "x-request-id": requestId(headers),
    ...readHeaders,
    etag: tag,
    "config-revision": String(opened.revision),
    ...staleHeader(count()),
  };
  const condition = headers.get("if-none-match");
  if (condition !== null && (condition === tag || matchesWeakly(tagsOf(condition), tag))) {
    return new Response(null, { status: 304, headers: head });
  }
  return new Response(text, { headers: { ...head, "content-type": "application/json" } });
};
