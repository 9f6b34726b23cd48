/**
 * The key that a request presents; `""` where it has an Authorization header of another kind, so that
 * a wrong credential is not made good by another one.
 */
export const presentedKey = (headers: Headers): string | undefined => {
  const authorization = headers.get("authorization");
  if (authorization === null) return headers.get("x-api-key") ?? undefined;
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  return token ?? "";
};
