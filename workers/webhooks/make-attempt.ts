import type { KeyObject } from "node:crypto";
import type { Attempt } from "../../src/webhooks/deliveries/begin-attempts.ts";
import { readPrivateKey } from "../../src/webhooks/signatures/key-pairs.ts";
import { signatureHeaders } from "../../src/webhooks/signatures/signature-headers.ts";
import type { Outcome } from "./outcome.ts";
import type { RequestSender } from "./send-request.ts";

interface MakeOptions {
  readonly sender: Pick<RequestSender, "send">;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Signs a delivery with what counts now, and sends it. */
export const makeAttempt = async (
  attempt: Attempt,
  { sender, signal, version }: MakeOptions,
): Promise<Outcome> => {
  const { body, contentType, headers, id, url } = attempt;
  try {
    const signed = signatureHeaders({
      id,
      body,
      timestampSeconds: Math.floor(Date.now() / 1_000),
      secrets: secretsOf(attempt),
      ...privateKeyOf(attempt),
    });
    return await sender.send({
      url,
      headers: {
        ...headers,
        ...signed,
        "content-type": contentType,
        "user-agent": `Fairlead-Webhooks/${version}`,
      },
      body,
      signal,
    });
  } catch {
    // A sender does not throw; a key that cannot be read, or a fault of ours, must not end the others.
    return {
      ok: false,
      kind: "request",
      error: "The request could not be made.",
      durationMs: 0,
      excerpt: "",
    };
  }
};

const secretsOf = ({ previousSecret, secret, signatures }: Attempt): readonly Uint8Array[] => {
  if (!signatures.includes("v1")) return [];
  return previousSecret === null ? [secret] : [secret, previousSecret];
};

const maxKeys = 1_000;
const keys = new Map<string, KeyObject>();

const privateKeyOf = ({ privateKey, signatures }: Attempt): { readonly privateKey?: KeyObject } => {
  if (privateKey === null || !signatures.includes("v1a")) return {};
  const name = Buffer.from(privateKey).toString("base64");
  const known = keys.get(name);
  if (known !== undefined) return { privateKey: known };
  const read = readPrivateKey(privateKey);
  if (keys.size >= maxKeys) keys.clear();
  keys.set(name, read);
  return { privateKey: read };
};
