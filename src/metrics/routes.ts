import { z } from "zod";
import { defineRoute, type Route } from "../http/route.ts";
import { readMetrics } from "./read-metrics.ts";

const type = "text/plain";

export const metricsRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/metrics",
      operationId: "readMetrics",
      policy: "metrics.read",
      tag: "Operation",
      summary: "What this process measures, as Prometheus reads it",
      responses: {
        200: {
          description: "Prometheus' text format, version 0.0.4",
          schema: z.string(),
          example: "fairlead_revision 42\n",
          type,
        },
      },
      errors: [],
    },
    async (ctx) => ({
      text: { type: `${type}; version=0.0.4; charset=utf-8`, content: await readMetrics(ctx) },
    }),
  ),
];
