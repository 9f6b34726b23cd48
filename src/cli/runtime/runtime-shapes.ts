/** What the server answers to a runtime, as far as the command line reads it. */
import { z } from "zod";

const lease = {
  id: z.string(),
  version: z.number(),
  fence: z.number(),
  /** Null: nothing is to be run until the version changes. */
  dueInSeconds: z.number().nullish(),
};

const envelopeShape = z.looseObject({
  payloadType: z.string(),
  payload: z.string(),
  signatures: z.array(z.looseObject({ keyid: z.string(), sig: z.string() })),
});

export const leasedShape = z.looseObject({
  ...lease,
  attestation: z.string(),
  spec: z.unknown(),
  /** Null: the answer had no room for it, nor for the spec. */
  envelope: envelopeShape.nullish(),
});

export type LeasedSpec = z.output<typeof leasedShape>;

export const leasedListShape = z.looseObject({ jobSpecs: z.array(leasedShape) });

const heartbeatLeaseShape = z.looseObject(lease);

export type HeldLease = z.output<typeof heartbeatLeaseShape>;

export const heartbeatShape = z.looseObject({ jobSpecs: z.array(heartbeatLeaseShape) });

export const acceptedShape = z.looseObject({
  run: z.number(),
  receivedAt: z.string(),
  dueAt: z.string().nullish(),
});

export type AcceptedResult = z.output<typeof acceptedShape>;

export const publicKeysShape = z.looseObject({
  keys: z.array(
    z.looseObject({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      x: z.string(),
      kid: z.string(),
      use: z.literal("sig"),
      alg: z.literal("EdDSA"),
    }),
  ),
});

export const jobSpecEventShape = z.looseObject({
  data: z.looseObject({
    change: z.string(),
    jobSpecId: z.string(),
    attestation: z.string(),
    version: z.number(),
    fence: z.number(),
  }),
});
