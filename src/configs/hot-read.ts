import type { Identity, ScopeDefaults } from "../context.ts";
import { staleSecondsOf } from "../http/conditional.ts";
import type { HotAnswer, HotDeps, HotHandler, HotRequest } from "../http/hot.ts";
import { keyIn } from "../http/presented-key.ts";
import { requestId } from "../http/request-info.ts";
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
export const hotReadConfig: HotHandler = (request, deps) => {
  const { rest: key } = request;
  if (!keyPattern.test(key)) return undefined;
  const read = openHotRead(request, deps);
  if (read === undefined || !read.visible.allows(key)) return undefined;
  const text = valueText(read.opened, key);
  return text === undefined ? undefined : answer(request, read, text);
};

/** Reads a whole document so. */
export const hotReadDocument: HotHandler = (request, deps) => {
  const read = openHotRead(request, deps);
  if (read === undefined || read.visible.permits === "none") return undefined;
  return answer(request, read, documentText(read.opened, read.scope, read.visible));
};

const openHotRead = (
  { fields, query }: HotRequest,
  { access, layers, settings }: HotDeps,
): HotRead | undefined => {
  if (layers === undefined) return undefined;
  const key = keyIn(fields.authorization, fields.apiKey);
  const identity = key === undefined ? undefined : access.remembered(key);
  if (identity === undefined) return undefined;
  const asked = askedOf(query, identity);
  if (asked === undefined) return undefined;
  const { app, environment, minRevision } = asked;
  const opened = layers.peek({ kind: "config", app, environment });
  if (opened === undefined || opened.revision < minRevision) return undefined;
  const visible = identity.permissions.keys("entries.read", "config", app, environment);
  const count = () => layers.countRead(settings.maxStalenessMs);
  return { scope: { app, environment }, visible, opened, count };
};

/** Names and numbers that need no decoding; whatever else a query says is not for the hot path. */
const plainPair =
  /^(?:(app|environment)=([A-Za-z0-9][A-Za-z0-9._-]{0,63})|minRevision=(\d{1,15}))$/;

const askedOf = (
  query: string,
  { defaults }: Identity,
): (ScopeDefaults & { readonly minRevision: number }) | undefined => {
  if (query === "") return { ...defaults, minRevision: 0 };
  let app: string | undefined;
  let environment: string | undefined;
  let minRevision: number | undefined;
  for (const pair of query.split("&")) {
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
  { fields }: HotRequest,
  { count, opened }: HotRead,
  { bytes, tag, text }: ReadText,
): HotAnswer => {
  const condition = fields.ifNoneMatch;
  const isHeld =
    condition !== undefined && (condition === tag || matchesWeakly(tagsOf(condition), tag));
  return {
    status: isHeld ? 304 : 200,
    requestId: requestId(fields.requestId),
    tag,
    revision: opened.revision,
    staleSeconds: staleSecondsOf(count()),
    text: isHeld ? undefined : text,
    bytes,
  };
};
