import type { Settings } from "../platform/settings.ts";
import { readHeaders } from "./conditional.ts";
import type { HotAnswer } from "./hot.ts";
import { securityHeaders } from "./security-headers.ts";

/** The header fields that are the same for all hot answers of a status, as the app and its door have them. */
export const hotFieldsOf = (
  status: HotAnswer["status"],
  settings: Settings,
): Readonly<Record<string, string>> => ({
  ...securityHeaders(settings),
  ...readHeaders,
  ...(settings.corsAllowedOrigins === undefined ? {} : { vary: `${readHeaders.vary}, Origin` }),
  ...(status === 304 ? {} : { "content-type": "application/json" }),
});
