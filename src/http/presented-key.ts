/**
 * The key that a request presents; `""` where it has an Authorization header of another kind, so that
 * a wrong credential is not made good by another one.
 */
export const presentedKey = (headers: Headers): string | undefined =>
  keyIn(headers.get("authorization") ?? undefined, headers.get("x-api-key") ?? undefined);

/** The same, of the two headers' values. */
export const keyIn = (
  authorization: string | undefined,
  apiKey: string | undefined,
): string | undefined => {
  if (authorization === undefined) return apiKey;
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  return token ?? "";
};
