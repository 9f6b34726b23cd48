import { Buffer } from "node:buffer";

/**
 * Signed envelopes as DSSE 1.0 has them (https://github.com/secure-systems-lab/dsse), with Ed25519.
 */

export interface Envelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A public key as RFC 8037 writes it. */
export interface PublicKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly kid: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
}

export interface Signer {
  readonly keyid: string;
  readonly privateKey: Parameters<typeof crypto.subtle.sign>[1];
}

const algorithm = "Ed25519";

/** What is signed: the type and the payload, each behind its length, so that neither can pass for the other. */
const preAuthEncoding = (payloadType: string, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const type = Buffer.from(payloadType);
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return new Uint8Array(Buffer.concat([Buffer.from(head), payload]));
};

export const signEnvelope = async (
  { keyid, privateKey }: Signer,
  payloadType: string,
  text: string,
): Promise<Envelope> => {
  const payload = Buffer.from(text);
  const signed = preAuthEncoding(payloadType, payload);
  const sig = Buffer.from(await crypto.subtle.sign(algorithm, privateKey, signed));
  return {
    payloadType,
    payload: payload.toString("base64"),
    signatures: [{ keyid, sig: sig.toString("base64") }],
  };
};

/** The payload of an envelope that one of the keys has signed as this type; undefined of any other. */
export const openEnvelope = async (
  { payload, payloadType, signatures }: Envelope,
  expectedType: string,
  keys: readonly PublicKey[],
): Promise<string | undefined> => {
  if (payloadType !== expectedType) return undefined;
  const bytes = Buffer.from(payload, "base64");
  const signed = preAuthEncoding(payloadType, bytes);
  for (const { keyid, sig } of signatures) {
    const key = keys.find(({ kid }) => kid === keyid);
    if (key === undefined) continue;
    const { crv, kty, x } = key;
    const publicKey = await crypto.subtle.importKey("jwk", { kty, crv, x }, algorithm, false, [
      "verify",
    ]);
    const signature = new Uint8Array(Buffer.from(sig, "base64"));
    if (await crypto.subtle.verify(algorithm, publicKey, signature, signed)) {
      return bytes.toString();
    }
  }
  return undefined;
};
