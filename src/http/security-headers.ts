import type { Settings } from "../platform/settings.ts";

/**
 * What every answer carries, by lower-case name. An answer's own headers of these names win: the pages
 * under /docs have a content policy of their own.
 */
export const securityHeaders = ({
  publicUrl,
}: Pick<Settings, "publicUrl">): Readonly<Record<string, string>> => ({
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  ...(isHttps(publicUrl) ? { "strict-transport-security": "max-age=31536000" } : {}),
});

/** What pages carry besides: it says nothing of data, where each field would cost a read its time. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** A promise of TLS must not be made where only the operator's proxy could keep it, unless he says so. */
const isHttps = (url: string | undefined): boolean =>
  url !== undefined && new URL(url).protocol === "https:";
