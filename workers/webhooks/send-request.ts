import { Agent } from "undici";
import { createBoundedCache } from "../../src/platform/bounded-cache.ts";
import { checkUrl } from "../../src/webhooks/outbound/check-url.ts";
import type { OutboundRules } from "../../src/webhooks/outbound/rules.ts";
import { createConnector } from "./connector.ts";
import { exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { createNameResolver, type ResolveName } from "./resolve-name.ts";

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal?: AbortSignal;
}

export interface RequestSender {
  /** Never throws: what goes wrong is in the outcome. */
  send(request: WebhookRequest): Promise<Outcome>;
  /** Ends what is under way, as `aborted`. */
  close(): Promise<void>;
}

interface SenderOptions {
  readonly rules: OutboundRules;
  /** By default the name servers of the machine are asked. */
  readonly resolve?: ResolveName;
  /** For everything from the call to the answer. */
  readonly totalTimeoutMs?: number;
}

type Checked =
  | { readonly origin: string; readonly path: string }
  | { readonly errors: readonly string[] };

const maxKnownUrls = 10_000;

/** A connection is only used this long, so that a name that moves is followed and checked again. */
const connectionLifeMs = 60_000;

/** Rules may have changed since a URL was stored, so it is checked here too, once for each process. */
const createUrlCheck = (rules: OutboundRules): ((text: string) => Checked) => {
  const known = createBoundedCache<Checked>(maxKnownUrls, maxKnownUrls);
  const check = (text: string): Checked => {
    const checked = checkUrl(text, rules);
    if ("errors" in checked) return checked;
    const { origin, pathname, search } = new URL(checked.url);
    return { origin, path: pathname + search };
  };
  return (text) => {
    const found = known.get(text) ?? check(text);
    known.set(text, found, 1);
    return found;
  };
};

const refused = (errors: readonly string[]): Outcome => ({
  ok: false,
  kind: "url",
  error: `The URL ${errors.join(", and it ")}.`,
  excerpt: "",
  durationMs: 0,
});

/**
 * The one place from which webhooks are called: by POST over HTTP/1.1, to addresses that were checked,
 * on connections that are kept for each origin. Redirects and proxy variables are not followed.
 */
export const createRequestSender = (options: SenderOptions): RequestSender => {
  const { rules, totalTimeoutMs = 15_000 } = options;
  const names = createNameResolver();
  const connector = createConnector({
    rules,
    resolve: options.resolve ?? names.resolve,
    timeoutMs: Math.ceil((totalTimeoutMs * 2) / 3),
  });
  const agent = new Agent({
    connect: connector.connect,
    allowH2: false,
    pipelining: 1,
    clientTtl: connectionLifeMs,
    keepAliveMaxTimeout: connectionLifeMs,
    maxHeaderSize: 16_384,
    // One timer of our own covers a request from its start to its end.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const check = createUrlCheck(rules);
  return {
    async send({ body, headers, signal, url }) {
      const target = check(url);
      if ("errors" in target) return refused(target.errors);
      return exchange(agent, { ...target, headers, body, signal, timeoutMs: totalTimeoutMs });
    },
    async close() {
      connector.close();
      names.close();
      await agent.destroy();
    },
  };
};
