import type { StreamEvent } from "../../streams/stream-piece.ts";
import type { JobSpecChange } from "./held.ts";

/** A CloudEvents 1.0 document of what has changed for a runtime. */
export const jobSpecEvent = (id: string, { change, spec }: JobSpecChange): StreamEvent => {
  const { attestation, fence, version } = spec;
  const document = {
    specversion: "1.0",
    id,
    source: "/fairlead",
    type: "dev.fairlead.jobspec.v1",
    subject: attestation,
    time: new Date().toISOString(),
    datacontenttype: "application/json",
    data: { change, jobSpecId: spec.id, attestation, version, fence },
  };
  return { id, event: "jobspec", data: JSON.stringify(document) };
};

/** Why a runtime must read its list: the stream begins, or there was too much to tell. */
type ResetReason = "opened" | "many-changes";

export const runtimeReset = (id: string, reason: ResetReason): StreamEvent => ({
  id,
  event: "reset",
  data: JSON.stringify({ reason }),
});
