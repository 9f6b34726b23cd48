import { Buffer } from "node:buffer";

const secretBytes = 32;

/** A new secret for v1 signatures. */
export const generateSecret = (): Uint8Array => crypto.getRandomValues(new Uint8Array(secretBytes));

/** As receivers are given it: `whsec_` and base64 (Standard Webhooks). */
export const formatSecret = (secret: Uint8Array): string =>
  `whsec_${Buffer.from(secret).toString("base64")}`;
