import { z } from "zod";
import { keyShape, pageOf, pageQuery } from "../../http/common-shapes.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { jobSpecDetailsExample, jobSpecExample, resultExample } from "../examples.ts";
import {
  jobSpecDetailsShape,
  jobSpecId,
  jobSpecShape,
  resultShape,
  runtimeName,
  stateShape,
  statusShape,
} from "../shapes.ts";
import { getJobSpec } from "./get-job-spec.ts";
import { listJobSpecs } from "./list-job-specs.ts";
import { listResults } from "./list-results.ts";

const tag = "Job specs";
const params = z.strictObject({ id: jobSpecId });

const attestation = keyShape.meta({
  description: "Key of an attestation",
  example: jobSpecExample.attestation,
});

const results = {
  description: "Results",
  schema: pageOf(resultShape),
  example: { items: [resultExample] },
};

export const jobSpecListRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/job-specs",
      operationId: "listJobSpecs",
      policy: "entries.read",
      tag,
      summary: "List job specs by attestation",
      description:
        "Those of the attestations that you may read. By `state` free, leased or done, also those that are failed whose last version is that.",
      query: z.strictObject({
        state: stateShape.optional(),
        attestation: attestation.optional(),
        runtime: runtimeName.optional(),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Job specs, without their content",
          schema: pageOf(jobSpecShape),
          example: { items: [jobSpecExample] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listJobSpecs(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/job-specs/{id}",
      operationId: "getJobSpec",
      policy: "entries.read",
      tag,
      summary: "One job spec, with its content",
      params,
      responses: {
        200: {
          description: "The job spec",
          schema: jobSpecDetailsShape,
          example: jobSpecDetailsExample,
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { id } }) => ({ body: await getJobSpec(ctx, id) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/job-specs/{id}/results",
      operationId: "listResultsOfJobSpec",
      policy: "entries.read",
      tag,
      summary: "The results of a job spec, newest first",
      params,
      query: z.strictObject(pageQuery),
      responses: { 200: results },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { id }, query }) => ({
      body: await listResults(ctx, { ...query, jobSpecId: id }),
    }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/results",
      operationId: "listResults",
      policy: "entries.read",
      tag,
      summary: "List results, newest first",
      description: "Those of the attestations that you may read. They outlive their job specs.",
      query: z.strictObject({
        attestation: attestation.optional(),
        runtime: runtimeName.optional(),
        status: statusShape.optional(),
        ...pageQuery,
      }),
      responses: { 200: results },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listResults(ctx, query) }),
  ),
];
