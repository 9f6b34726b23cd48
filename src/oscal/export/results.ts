import type { Json } from "../../platform/json.ts";

/** An accepted result of a job spec, as the API tells of it. */
export interface AcceptedResult {
  readonly id: string | number;
  readonly jobSpecId: string;
  readonly attestation: string;
  readonly version: number;
  readonly run: number;
  readonly runtime: string;
  readonly status: "passed" | "failed" | "error";
  readonly evidence?: Json | undefined;
  readonly receivedAt: string;
}
