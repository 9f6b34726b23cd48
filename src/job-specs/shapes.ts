import { z } from "zod";
import { answerValue, jsonValue, timeShape } from "../http/common-shapes.ts";
import { labelsShape } from "./kinds/shapes.ts";
import { jobSpecStates } from "./leases/job-spec-row.ts";

const runtimePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const runtimeName = z
  .string()
  .regex(runtimePattern, `must match ${runtimePattern.source}`)
  .meta({ description: "Name that the runtime gives itself", example: "runtime-1" });

export const jobSpecId = z
  .string()
  .regex(
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    "must be the id of a job spec: a UUID in lower case",
  )
  .meta({ example: "5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b" });

const leaseSeconds = z.int().min(5).max(3_600).default(60).meta({
  description: "How long the lease lasts, by the clock of the database",
});

export const statusShape = z.enum(["passed", "failed", "error"]);
export const stateShape = z.enum(jobSpecStates);

export const newClaimShape = z
  .strictObject({
    limit: z.int().min(1).max(500).default(10).meta({ description: "How many at most" }),
    leaseSeconds,
    labels: labelsShape.optional().meta({
      description: "Only specs that have all of these labels",
    }),
  })
  .meta({ id: "NewClaim" });

export const newHeartbeatShape = z.strictObject({ leaseSeconds }).meta({ id: "NewHeartbeat" });

export const newResultShape = z
  .strictObject({
    jobSpecId,
    version: z.int().positive().meta({ description: "The version that was run" }),
    fence: z.int().positive().meta({ description: "The fence of the lease" }),
    status: statusShape,
    evidence: jsonValue.optional(),
  })
  .meta({ id: "NewResult" });

const dueAt = timeShape.nullable().meta({
  description: "It is to be run from then on; null: when its version changes",
});

const lease = {
  id: z.string(),
  version: z.int(),
  fence: z.int().meta({ description: "Grows with each lease of the spec" }),
  leaseExpiresAt: timeShape,
  dueAt,
  dueInSeconds: z.int().nullable().meta({
    description: "The same for clients whose clock is wrong; 0: now",
  }),
};

/** A DSSE envelope, whose payload holds id, version, attestation, hash and spec. */
const envelopeShape = z
  .object({
    payloadType: z.string(),
    payload: z.string().meta({ description: "Base64" }),
    signatures: z.array(z.object({ keyid: z.string(), sig: z.string() })),
  })
  .meta({ id: "Envelope", description: "DSSE envelope; the public keys are at `GET /v1/keys`" });

export const leasedShape = z
  .object({
    ...lease,
    attestation: z.string(),
    spec: answerValue,
    envelope: envelopeShape.nullable().meta({
      description: "Null, and the spec with it, where the answer has no room for them",
    }),
  })
  .meta({ id: "LeasedJobSpec" });

export const claimShape = z.object({ jobSpecs: z.array(leasedShape) }).meta({ id: "Claim" });

export const heldShape = z
  .object({
    revision: z.int().meta({ description: "Every change up to here is in what is listed" }),
    jobSpecs: z.array(leasedShape),
  })
  .meta({ id: "HeldJobSpecs" });

export const heartbeatShape = z
  .object({ leaseExpiresAt: timeShape, jobSpecs: z.array(z.object(lease)) })
  .meta({ id: "Heartbeat" });

export const acceptedShape = z
  .object({
    id: z.int(),
    jobSpecId: z.string(),
    version: z.int(),
    run: z.int().meta({ description: "Counts the results of the spec" }),
    receivedAt: timeShape,
    dueAt,
  })
  .meta({ id: "AcceptedResult" });

export const runtimeShape = z
  .object({
    id: z.string(),
    keyId: z.string().meta({ description: "The key to which the name belongs" }),
    held: z.int().meta({ description: "Job specs that it holds, of those that you may see" }),
    firstSeenAt: timeShape,
    lastSeenAt: timeShape,
  })
  .meta({ id: "Runtime" });

const jobSpecMembers = {
  id: z.string(),
  attestation: z.string(),
  version: z.int().meta({ description: "0: it never could be rendered" }),
  state: stateShape.meta({
    description:
      "free: waits to be leased; leased; done: nothing is to be run now; failed: it could not be rendered, and its last version counts, which may be free, leased or done meanwhile",
  }),
  hash: z.string().nullable().meta({ description: "SHA-256 of the content" }),
  labels: z.record(z.string(), z.string()),
  intervalSeconds: z.int().nullable(),
  runtime: z.string().nullable(),
  leaseExpiresAt: timeShape.nullable(),
  fence: z.int(),
  dueAt,
  runCount: z.int().meta({ description: "How many results were accepted" }),
  changedAt: timeShape.nullable(),
  changedRevision: z.int().nullable().meta({ description: "From when on it has this version" }),
  renderedRevision: z.int(),
  error: z
    .object({ path: z.string(), message: z.string(), at: timeShape })
    .nullable()
    .meta({ description: "Why it could not be rendered last" }),
};

export const jobSpecShape = z.object(jobSpecMembers).meta({ id: "JobSpec" });

export const jobSpecDetailsShape = z
  .object({ ...jobSpecMembers, spec: answerValue, envelope: envelopeShape.nullable() })
  .meta({ id: "JobSpecDetails" });

export const resultShape = z
  .object({
    id: z.int(),
    jobSpecId: z.string(),
    attestation: z.string(),
    version: z.int(),
    fence: z.int(),
    run: z.int(),
    runtime: z.string(),
    keyId: z.string(),
    status: statusShape,
    evidence: answerValue,
    receivedAt: timeShape,
  })
  .meta({ id: "Result" });
