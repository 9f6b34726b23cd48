import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, webcrypto } from "node:crypto";

export interface KeyPair {
  /** PKCS #8. */
  readonly privateKey: Uint8Array;
  /** The 32 bytes of RFC 8032. */
  readonly publicKey: Uint8Array;
}

/** A new Ed25519 key pair for v1a signatures. */
export const generateKeyPair = async (): Promise<KeyPair> => {
  const { subtle } = webcrypto;
  const pair = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new TypeError("Ed25519 keys come in pairs.");
  const { privateKey, publicKey } = pair;
  return {
    privateKey: new Uint8Array(await subtle.exportKey("pkcs8", privateKey)),
    publicKey: new Uint8Array(await subtle.exportKey("raw", publicKey)),
  };
};

/** As receivers are given it: `whpk_` and base64 (Standard Webhooks). */
export const formatPublicKey = (publicKey: Uint8Array): string =>
  `whpk_${Buffer.from(publicKey).toString("base64")}`;

/** Reading a key costs more than signing with it: once for many deliveries. */
export const readPrivateKey = (privateKey: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" });
