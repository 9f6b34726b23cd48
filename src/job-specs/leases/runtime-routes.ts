import { z } from "zod";
import { pageOf, pageQuery } from "../../http/common-shapes.ts";
import { replyToRead } from "../../http/conditional.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import {
  acceptedExample,
  claimExample,
  heartbeatExample,
  heldExample,
  leasedExample,
  newClaimExample,
  newResultExample,
  runtimeExample,
} from "../examples.ts";
import {
  acceptedShape,
  claimShape,
  heartbeatShape,
  heldShape,
  jobSpecId,
  leasedShape,
  newClaimShape,
  newHeartbeatShape,
  newResultShape,
  runtimeName,
  runtimeShape,
} from "../shapes.ts";
import { acceptResult } from "./accept-result.ts";
import { claimJobSpecs } from "./claim-job-specs.ts";
import { forgetRuntime } from "./forget-runtime.ts";
import { getHeld } from "./get-held.ts";
import { heartbeat } from "./heartbeat.ts";
import { listHeld } from "./list-held.ts";
import { listRuntimes } from "./list-runtimes.ts";
import { releaseJobSpec } from "./release-job-spec.ts";

const tag = "Job specs";
const params = z.strictObject({ runtimeId: runtimeName });

export const runtimeRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/v1/runtimes/{runtimeId}/claims",
      operationId: "claimJobSpecs",
      policy: "job-specs.lease",
      tag,
      summary: "Lease job specs that are to be run",
      description:
        "Those that have waited longest come first. There may be fewer than `limit`, or none: an answer has about 16 MiB at most, or one spec, and a runtime holds `MAX_SPECS_PER_RUNTIME` at most, and only of attestations that its key's grants cover. The name belongs to the key that came first, until that key is revoked or has expired. Repeated with its `Idempotency-Key`, it is answered with what the first one took and the runtime still has.",
      params,
      body: { schema: newClaimShape, example: newClaimExample },
      headers: ["Idempotency-Key"],
      responses: {
        200: { description: "What was leased", schema: claimShape, example: claimExample },
      },
      errors: ["IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body, params: { runtimeId } }) => ({
      body: await claimJobSpecs(ctx, { ...body, runtime: runtimeId }),
    }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/runtimes/{runtimeId}/heartbeat",
      operationId: "heartbeat",
      policy: "job-specs.lease",
      tag,
      summary: "Keep what is leased",
      description:
        "All leases that have not expired end `leaseSeconds` from now. The runtime drops what the answer does not list, and reads the version of what is newer than its own.",
      params,
      body: { schema: newHeartbeatShape, example: { leaseSeconds: 60 } },
      responses: {
        200: { description: "What is held", schema: heartbeatShape, example: heartbeatExample },
      },
      errors: [],
    },
    async (ctx, { body, params: { runtimeId } }) => ({
      body: await heartbeat(ctx, { ...body, runtime: runtimeId }),
    }),
  ),
  defineRoute(
    {
      method: "delete",
      path: "/v1/runtimes/{runtimeId}/claims/{jobSpecId}",
      operationId: "releaseJobSpec",
      policy: "job-specs.lease",
      tag,
      summary: "Give a job spec back",
      description: "It is free again, in its old place.",
      params: params.extend({ jobSpecId }),
      responses: { 204: { description: "Given back" } },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { jobSpecId: id, runtimeId } }) => {
      await releaseJobSpec(ctx, { runtime: runtimeId, jobSpecId: id });
      return { status: 204 };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/runtimes/{runtimeId}/job-specs",
      operationId: "listHeldJobSpecs",
      policy: "job-specs.lease",
      tag,
      summary: "What a runtime holds, in its current version",
      description:
        "The runtime deletes what is not listed. What is due first comes first, and with its content, up to about 16 MiB; from there on `spec` and `envelope` are null, and the runtime reads them one by one. The `ETag` is of ids, versions and fences; the time that is left is not part of it.",
      params,
      headers: ["If-None-Match"],
      responses: {
        200: {
          description: "What is held",
          schema: heldShape,
          example: heldExample,
          headers: ["ETag"],
        },
        304: { description: "Unchanged" },
      },
      errors: ["PRECONDITION_FAILED"],
    },
    async (ctx, { headers, params: { runtimeId } }) => {
      const { read, tag: etag } = await listHeld(ctx, runtimeId);
      const reply = replyToRead(headers, { tag: etag });
      return reply.status === 304 ? reply : { ...reply, body: await read() };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/runtimes/{runtimeId}/job-specs/{jobSpecId}",
      operationId: "getHeldJobSpec",
      policy: "job-specs.lease",
      tag,
      summary: "One job spec that a runtime holds, in its current version",
      description: "For what came without `spec` and `envelope` in a longer answer.",
      params: params.extend({ jobSpecId }),
      responses: {
        200: { description: "The job spec", schema: leasedShape, example: leasedExample },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { jobSpecId: id, runtimeId } }) => ({
      body: await getHeld(ctx, { runtime: runtimeId, jobSpecId: id }),
    }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/runtimes/{runtimeId}/results",
      operationId: "acceptResult",
      policy: "job-specs.lease",
      tag,
      summary: "Report what came of running a job spec",
      description:
        "It counts once for each time that the spec is due. The lease may have expired, as long as nobody else has the spec; what comes too late is `CONFLICT`, with `stale` (which of `lease`, `fence`, `version`, `run`) and `current`.",
      params,
      body: { schema: newResultShape, example: newResultExample },
      headers: ["Idempotency-Key"],
      responses: {
        201: { description: "Accepted", schema: acceptedShape, example: acceptedExample },
      },
      errors: ["NOT_FOUND", "CONFLICT", "TOO_LARGE", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body, params: { runtimeId } }) => ({
      status: 201,
      body: await acceptResult(ctx, { ...body, runtime: runtimeId }),
    }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/runtimes",
      operationId: "listRuntimes",
      policy: "entries.read",
      tag,
      summary: "List runtimes by name",
      description:
        "For who may read attestations: those that hold a job spec of one of them; and all, for who may read all attestations.",
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: "Runtimes",
          schema: pageOf(runtimeShape),
          example: { items: [runtimeExample] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listRuntimes(ctx, query) }),
  ),
  defineRoute(
    {
      method: "delete",
      path: "/v1/runtimes/{runtimeId}",
      operationId: "forgetRuntime",
      policy: "job-specs.lease",
      tag,
      summary: "Forget a runtime",
      description:
        "What it holds is free at once, and its name is anybody's. Needs the permission without restriction, or the key to which the name belongs.",
      params,
      responses: { 204: { description: "Forgotten" } },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { runtimeId } }) => {
      await forgetRuntime(ctx, runtimeId);
      return { status: 204 };
    },
  ),
];
