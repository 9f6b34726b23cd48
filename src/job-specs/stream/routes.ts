import { z } from "zod";
import { eventStreamHeaders } from "../../http/live.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { runtimeName } from "../shapes.ts";
import { openRuntimeStream } from "./open-runtime-stream.ts";

const eventExample = `id: 6b1f0c52-9a3e-1
event: reset
data: {"reason":"opened"}

id: 6b1f0c52-9a3e-2
event: jobspec
data: {"specversion":"1.0","id":"6b1f0c52-9a3e-2","source":"/fairlead","type":"dev.fairlead.jobspec.v1","subject":"backups-are-encrypted","time":"2026-01-31T12:00:00.123Z","datacontenttype":"application/json","data":{"change":"changed","jobSpecId":"5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b","attestation":"backups-are-encrypted","version":4,"fence":7}}

`;

export const runtimeStreamRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/runtimes/{runtimeId}/stream",
      operationId: "streamHeldJobSpecs",
      policy: "job-specs.lease",
      tag: "Job specs",
      summary: "What changes of what a runtime holds, as it happens",
      description:
        "Server-sent events. `reset`: read `GET /v1/runtimes/{runtimeId}/job-specs`; it comes first, and again where there is much to tell. `jobspec` is a CloudEvents 1.0 document whose data has `change`: `changed` (there is a new version), `failed` (the definitions cannot be rendered, and the version before still counts), `taken` (the lease has ended, or the spec has another fence), `removed` (the spec is gone). `close` comes before the server ends the stream. While nothing happens, a block with nothing but an `id` comes at least every 15 seconds. An event may repeat what is known already. A stream does not go on where another ended: it begins with `reset`.",
      params: z.strictObject({ runtimeId: runtimeName }),
      responses: {
        200: {
          description: "Events, without end",
          schema: z.string(),
          example: eventExample,
          type: "text/event-stream",
        },
      },
      errors: ["RATE_LIMITED"],
    },
    async (ctx, { params: { runtimeId } }) => ({
      live: { over: "events", open: await openRuntimeStream(ctx, runtimeId) },
      headers: eventStreamHeaders,
    }),
  ),
];
