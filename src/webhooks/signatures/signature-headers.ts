import { Buffer } from "node:buffer";
import { createHmac, type KeyObject, sign } from "node:crypto";
import { secretKeyOf } from "./secret-keys.ts";

export interface SignedMessage {
  /** The same on every attempt. */
  readonly id: string;
  /** When this attempt is made, in whole seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: string;
  /** A v1 signature is made with each: two while a rotation's overlap lasts. */
  readonly secrets: readonly Uint8Array[];
  /** Ed25519; where it is given, a v1a signature is made too. */
  readonly privateKey?: KeyObject;
}

export interface SignatureHeaders {
  readonly "webhook-id": string;
  readonly "webhook-timestamp": string;
  readonly "webhook-signature": string;
}

/** The headers that say who sent a body, and when (Standard Webhooks 1.0). */
export const signatureHeaders = (message: SignedMessage): SignatureHeaders => {
  const { body, id, privateKey, secrets, timestampSeconds } = message;
  // A dot in either would let one message's signature stand for another's.
  if (id.includes(".") || !Number.isSafeInteger(timestampSeconds)) {
    throw new TypeError("The id must have no dot, and the timestamp must be whole seconds.");
  }
  const content = `${id}.${timestampSeconds}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", secretKeyOf(secret)).update(content).digest("base64")}`,
  );
  if (privateKey !== undefined) {
    signatures.push(`v1a,${sign(null, Buffer.from(content), privateKey).toString("base64")}`);
  }
  return {
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
};
