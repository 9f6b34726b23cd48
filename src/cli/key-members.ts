import type { ApiKey } from "./access-shapes.ts";
import { formatGrant } from "./grants/format-grant.ts";
import { scopeName } from "./scope.ts";

/** The scope that applies where a request names none, or `-`. */
export const defaultsText = ({ defaults }: Pick<ApiKey, "defaults">): string =>
  defaults == null || (defaults.app == null && defaults.environment == null)
    ? "-"
    : scopeName(defaults);

export const grantTexts = ({ grants }: Pick<ApiKey, "grants">): string[] => grants.map(formatGrant);

/** A time that may not come or not have come. */
export const timeText = (time: string | null | undefined): string => time ?? "never";
