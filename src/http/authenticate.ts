import { createHash, timingSafeEqual } from "node:crypto";
import type { Actor } from "../context.ts";
import { Problem } from "../errors.ts";

/** Tells who sends a request. */
export type Authenticate = (headers: Headers) => Actor;

const anonymous: Actor = { type: "anonymous", id: "anonymous" };
const administrator: Actor = { type: "key", id: "bootstrap-admin" };

/**
 * The bootstrap administrator's key is the only credential. Hashes of equal length are compared, in
 * constant time, so neither the key's length nor its beginning can be guessed from the answer's time.
 *
 * @throws Problem `UNAUTHENTICATED` for a key that is not known; without one the actor is anonymous
 */
export const authenticateAdministrator = (adminKey: string): Authenticate => {
  const expected = digest(adminKey);
  return (headers) => {
    const key = presentedKey(headers);
    if (key === undefined) return anonymous;
    if (timingSafeEqual(digest(key), expected)) return administrator;
    throw new Problem("UNAUTHENTICATED", "The API key is not known here.", {
      headers: { "www-authenticate": 'Bearer realm="fairlead", error="invalid_token"' },
    });
  };
};

const presentedKey = (headers: Headers): string | undefined => {
  const authorization = headers.get("authorization");
  if (authorization === null) return headers.get("x-api-key") ?? undefined;
  const [, token] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  return token ?? "";
};

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
