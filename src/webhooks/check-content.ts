import type { Ctx } from "../context.ts";
import { Problem } from "../errors.ts";
import { checkUrl } from "./outbound/check-url.ts";
import { outboundRules } from "./outbound/rules.ts";
import { keptHeaders } from "./own-headers.ts";
import { hiddenValue, type WebhookContent } from "./webhook.ts";

/**
 * The URL in its canonical spelling. Where its name leads is looked at when it is called.
 *
 * @throws Problem `INVALID_INPUT`
 */
export const requireUrl = ({ settings }: Ctx, text: string): string => {
  const checked = checkUrl(text, outboundRules(settings));
  if ("url" in checked) return checked.url;
  const errors = checked.errors.map((message) => ({ path: "url", message }));
  throw new Problem("INVALID_INPUT", `url: ${checked.errors.join("; ")}`, { errors });
};

/**
 * The headers to store, with the values that a change keeps.
 *
 * @throws Problem `INVALID_INPUT` where there is nothing to keep
 */
export const requireHeaders = (
  headers: WebhookContent["headers"],
  current: WebhookContent["headers"],
): WebhookContent["headers"] => {
  const kept = keptHeaders(headers, current);
  const [first] = kept.unknown;
  if (first === undefined) return kept.headers;
  const errors = kept.unknown.map((name) => ({
    path: `headers.${name}`,
    message: "stands for the value that the header has, and it has none yet",
  }));
  throw new Problem("INVALID_INPUT", `${errors[0]?.path} ${errors[0]?.message}`, { errors });
};

/**
 * Headers may be credentials, which nobody is shown: so they do not go along to another receiver, but
 * are given anew by whoever knows them.
 *
 * @throws Problem `INVALID_INPUT` where the URL leads to another origin and headers would be kept
 */
export const requireNewHeaders = (
  before: Pick<WebhookContent, "url" | "headers">,
  after: { readonly url: string; readonly headers: WebhookContent["headers"] | undefined },
): void => {
  const { origin } = new URL(before.url);
  if (new URL(after.url).origin === origin) return;
  const { headers } = after;
  const kept = Object.keys(before.headers).filter(
    (name) =>
      headers === undefined || (Object.hasOwn(headers, name) && headers[name] === hiddenValue),
  );
  if (kept.length === 0) return;
  const message = `has a value that was given for ${origin}; for another origin, give its value anew or leave it out (\`headers: {}\` sends none)`;
  const errors = kept.map((name) => ({ path: `headers.${name}`, message }));
  throw new Problem("INVALID_INPUT", `${errors[0]?.path} ${message}`, { errors });
};
