import { createHash } from "node:crypto";
import { z } from "zod";
import { openEnvelope, type PublicKey } from "../../job-specs/signing/dsse.ts";
import { canonicalJson } from "../../platform/canonical-json.ts";
import { parseJson } from "../../platform/documents/parse-json.ts";
import { isJsonObject, type Json } from "../../platform/json.ts";
import type { RuntimeApi } from "./runtime-api.ts";
import type { LeasedSpec } from "./runtime-shapes.ts";

const payloadType = "application/vnd.fairlead.job-spec+json";

const payloadShape = z.looseObject({
  id: z.string(),
  version: z.number(),
  attestation: z.string(),
  hash: z.string(),
});

export type Checked = { readonly spec: Json } | { readonly refused: string };

/** Opens specs with the server's public keys. */
export type CheckSignature = (spec: LeasedSpec) => Promise<Checked>;

/** How long a signature by a key that is not known refuses others without asking for keys again. */
const askAgainMs = 10_000;

/** The check throws `Failure` where the keys cannot be had: that says nothing about a spec. */
export const createSignatureCheck = (
  api: Pick<RuntimeApi, "publicKeys">,
  nowMs: () => number,
): CheckSignature => {
  let keys: readonly PublicKey[] = [];
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return async (leased) => {
    const { envelope } = leased;
    if (envelope === null || envelope === undefined) return { refused: "It is not signed." };
    const isKnown = envelope.signatures.some(({ keyid }) => keys.some(({ kid }) => kid === keyid));
    if (!isKnown && nowMs() - askedAtMs > askAgainMs) {
      keys = await api.publicKeys();
      askedAtMs = nowMs();
    }
    // What cannot be read is signed by nobody.
    const payload = await openEnvelope(envelope, payloadType, keys)
      .then((text) => (text === undefined ? undefined : parseJson(text)))
      .catch(() => undefined);
    if (payload === undefined) return { refused: "Its signature is not the server's." };
    return checkPayload(leased, payload);
  };
};

/** What is signed must be the very spec that was leased; that is run, and not what came beside it. */
const checkPayload = ({ attestation, id, version }: LeasedSpec, payload: Json): Checked => {
  const { data } = payloadShape.safeParse(payload);
  const spec = isJsonObject(payload) ? payload["spec"] : undefined;
  if (data === undefined || spec === undefined)
    return { refused: "What is signed is no job spec." };
  if (data.id !== id || data.version !== version || data.attestation !== attestation) {
    return { refused: "What is signed is another job spec, or another version." };
  }
  const hash = createHash("sha256").update(canonicalJson(spec)).digest("hex");
  if (hash !== data.hash) return { refused: "What is signed does not have the hash that it says." };
  return { spec };
};
