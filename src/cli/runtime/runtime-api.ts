import { z } from "zod";
import type { PublicKey } from "../../job-specs/signing/dsse.ts";
import type { Json } from "../../platform/json.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";
import {
  type AcceptedResult,
  acceptedShape,
  type HeldLease,
  heartbeatShape,
  type LeasedSpec,
  leasedListShape,
  leasedShape,
  publicKeysShape,
} from "./runtime-shapes.ts";

export interface RunResult {
  readonly jobSpecId: string;
  readonly version: number;
  readonly fence: number;
  readonly status: "passed" | "failed" | "error";
  readonly evidence: Json;
}

/** What a runtime asks of the server. All throw `Failure`. */
export interface RuntimeApi {
  claim(limit: number): Promise<readonly LeasedSpec[]>;
  /** Prolongs all leases, and answers what is still held. */
  beat(): Promise<readonly HeldLease[]>;
  list(): Promise<readonly LeasedSpec[]>;
  /** One of what is held, with its content. */
  read(jobSpecId: string): Promise<LeasedSpec>;
  report(result: RunResult, idempotencyKey: string): Promise<AcceptedResult>;
  release(jobSpecId: string): Promise<void>;
  publicKeys(): Promise<readonly PublicKey[]>;
}

interface RuntimeApiOptions {
  readonly id: string;
  readonly leaseSeconds: number;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

const releaseTimeoutSeconds = 5;
/** What becomes of a request is found out by the next one. */
const shownBy = null;

export const createRuntimeApi = (session: Session, options: RuntimeApiOptions): RuntimeApi => {
  const base = `v1/runtimes/${encodeURIComponent(options.id)}`;
  return {
    ...leaseRequests(session, options, base),
    async list() {
      const path = `${base}/job-specs`;
      const { body } = await sendRequest(session, { path, shape: leasedListShape });
      return body.jobSpecs;
    },
    async read(jobSpecId) {
      const path = `${base}/job-specs/${encodeURIComponent(jobSpecId)}`;
      const { body } = await sendRequest(session, { path, shape: leasedShape });
      return body;
    },
    async report(result, idempotencyKey) {
      const { body } = await sendRequest(session, {
        method: "POST",
        path: `${base}/results`,
        body: result,
        idempotencyKey,
        shape: acceptedShape,
        shownBy,
      });
      return body;
    },
    async publicKeys() {
      const { body } = await sendRequest(session, { path: "v1/keys", shape: publicKeysShape });
      return body.keys;
    },
  };
};

const within = (session: Session, seconds: number): Session => ({
  ...session,
  timeoutSeconds: Math.min(seconds, session.timeoutSeconds),
});

const leaseRequests = (
  session: Session,
  { labels, leaseSeconds }: RuntimeApiOptions,
  base: string,
): Pick<RuntimeApi, "beat" | "claim" | "release"> => {
  // An answer that comes after the next one is due is of no use.
  const prompt = within(session, Math.ceil(leaseSeconds / 3));
  return {
    async claim(limit) {
      const { body } = await sendRequest(prompt, {
        method: "POST",
        path: `${base}/claims`,
        body: { limit, leaseSeconds, ...(labels === undefined ? {} : { labels }) },
        shape: leasedListShape,
        shownBy,
      });
      return body.jobSpecs;
    },
    async beat() {
      const { body } = await sendRequest(prompt, {
        method: "POST",
        path: `${base}/heartbeat`,
        body: { leaseSeconds },
        shape: heartbeatShape,
        shownBy,
      });
      return body.jobSpecs;
    },
    async release(jobSpecId) {
      await sendRequest(within(session, releaseTimeoutSeconds), {
        method: "DELETE",
        path: `${base}/claims/${encodeURIComponent(jobSpecId)}`,
        shape: z.unknown(),
        shownBy,
      });
    },
  };
};
