/** What the documents of the routes show: one job spec, on its way. */
const id = "5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b";
const attestation = "backups-are-encrypted";
const earlier = "2026-01-31T12:00:00.123456Z";
const later = "2026-01-31T12:01:00.123456Z";
const runtime = "runtime-1";
const keyId = "7Hd2kQ9xLmN4pR8s";

const spec = { command: "check-backups", arguments: { region: "eu-central-1" } };
const envelope = {
  payloadType: "application/vnd.fairlead.job-spec+json",
  payload: "eyJhdHRlc3RhdGlvbiI6ImJhY2t1cHMtYXJlLWVuY3J5cHRlZCJ9",
  signatures: [{ keyid: "q2Zk0f3c", sig: "MEUCIQDx0g" }],
};

const lease = {
  id,
  version: 3,
  fence: 7,
  leaseExpiresAt: later,
  dueAt: earlier,
  dueInSeconds: 0,
};
export const leasedExample = { ...lease, attestation, spec, envelope };

export const newClaimExample = { limit: 5, leaseSeconds: 60, labels: { os: "linux" } };
export const claimExample = { jobSpecs: [leasedExample] };
export const heldExample = { revision: 42, jobSpecs: [leasedExample] };
export const heartbeatExample = { leaseExpiresAt: later, jobSpecs: [lease] };

export const newResultExample = {
  jobSpecId: id,
  version: 3,
  fence: 7,
  status: "passed",
  evidence: { checked: 12, unencrypted: [] },
};
export const acceptedExample = {
  id: 118,
  jobSpecId: id,
  version: 3,
  run: 4,
  receivedAt: later,
  dueAt: null,
};

export const runtimeExample = {
  id: runtime,
  keyId,
  held: 5,
  firstSeenAt: earlier,
  lastSeenAt: later,
};

export const jobSpecExample = {
  id,
  attestation,
  version: 3,
  state: "leased",
  hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  labels: { os: "linux" },
  intervalSeconds: null,
  runtime,
  leaseExpiresAt: later,
  fence: 7,
  dueAt: earlier,
  runCount: 3,
  changedAt: earlier,
  changedRevision: 41,
  renderedRevision: 42,
  error: null,
};
export const jobSpecDetailsExample = { ...jobSpecExample, spec, envelope };

export const resultExample = {
  id: 118,
  jobSpecId: id,
  attestation,
  version: 3,
  fence: 7,
  run: 4,
  runtime,
  keyId,
  status: "passed",
  evidence: newResultExample.evidence,
  receivedAt: later,
};
