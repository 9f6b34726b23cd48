/** The one origin whose scripts may read answers. */
export const allowedOrigin = "https://console.example.org";

/**
 * What a server must be started with to be held to the suite: limits that are low enough to be
 * reached by small requests.
 */
export const conformanceSettings = {
  MAX_BODY_BYTES: String(512 * 1024),
  MAX_VALUE_BYTES: "4096",
  MAX_OPERATIONS: "100",
  MAX_LAYER_KEYS: "150",
  MAX_EFFECTIVE_CHANGES: "40",
  CORS_ALLOWED_ORIGINS: allowedOrigin,
  TRUSTED_PROXIES: "1",
} as const;

/** The same as a number. */
export const limitOf = (name: keyof typeof conformanceSettings): number =>
  Number(conformanceSettings[name]);
