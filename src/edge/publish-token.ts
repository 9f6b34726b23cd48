import { createHash, randomUUID } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import { Problem } from "../errors.ts";
import type { Permit } from "./authority/create-authority.ts";

const issuer = "fairlead";
const lifeSeconds = 60;
/** How far the clocks of publisher and edge may be apart. */
const toleranceSeconds = 30;

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

const hashOf = (body: Uint8Array): string => createHash("sha256").update(body).digest("base64url");

interface Signing {
  readonly secret: string;
  /** Host of the edge, with its port where it names one: a token is good there alone. */
  readonly host: string;
  readonly body: Uint8Array;
  readonly nowMs?: number;
}

/** A token for one request with this body, for a minute (RFC 7519, HS256). */
export const signPublishToken = ({
  body,
  host,
  nowMs = Date.now(),
  secret,
}: Signing): Promise<string> => {
  const issuedAt = Math.floor(nowMs / 1_000);
  return new SignJWT({ body: hashOf(body) })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuer(issuer)
    .setAudience(host)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + lifeSeconds)
    .setJti(randomUUID())
    .sign(keyOf(secret));
};

interface VerifiedToken {
  readonly permit: Permit;
  /** Whether it was made for this body. */
  isFor(body: Uint8Array): boolean;
}

/**
 * Verifies all of a token but that it was not used before, and what it is for.
 *
 * @throws Problem `UNAUTHENTICATED`
 */
export const verifyPublishToken = async (
  authorization: string | null,
  { host, nowMs = Date.now(), secret }: Omit<Signing, "body">,
): Promise<VerifiedToken> => {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? "")?.[1];
  if (token === undefined) throw refused("there is none");
  try {
    const { payload } = await jwtVerify(token, keyOf(secret), {
      algorithms: ["HS256"],
      issuer,
      audience: host,
      requiredClaims: ["iat", "exp", "jti", "body"],
      clockTolerance: toleranceSeconds,
      maxTokenAge: lifeSeconds,
      currentDate: new Date(nowMs),
    });
    const { body: bodyHash, exp = 0, jti: id = "" } = payload;
    // Past this it is refused anyway, whatever end it names itself.
    const ownEndMs = Math.min(exp * 1_000, nowMs + lifeSeconds * 1_000);
    const untilMs = ownEndMs + 3 * toleranceSeconds * 1_000;
    return { permit: { id, untilMs }, isFor: (body) => bodyHash === hashOf(body) };
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(error.message, error);
    throw error;
  }
};

const refused = (why: string, cause?: unknown): Problem =>
  new Problem("UNAUTHENTICATED", `The publish token is not valid: ${why}.`, { cause });
