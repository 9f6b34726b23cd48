import type { OpenAPIRegistry, ResponseConfig, RouteConfig } from "@asteasolutions/zod-to-openapi";
import { z } from "zod";
import { catalogue, type ErrorCode } from "../errors.ts";
import type { Json } from "../platform/json.ts";
import type { Contract, Policy } from "./route.ts";

/** One success answer of a route. Without a schema it has no body. */
export interface ContractResponse {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly example?: Json;
  readonly headers?: readonly ("ETag" | "Config-Revision" | "Config-Stale" | "Link")[];
  /** Besides JSON. */
  readonly yaml?: boolean;
  /** Instead of JSON. */
  readonly type?: string;
}

const headerDescriptions = {
  ETag: "Validator for If-None-Match and, on single entries, If-Match",
  "Config-Revision": "The deployment's revision that the answer shows",
  "Config-Stale":
    "Only where the answer may be older than promised: for how many seconds it has not been known that nothing newer was committed",
  Link: 'The next page, as rel="next"',
  "If-Match": "Entity tag that the entry must have, or *",
  "If-None-Match": "Entity tags for which the answer is 304 (or, on writes, 412)",
  "Last-Event-ID": "Id of the last event that the client has",
  "Idempotency-Key": "Makes a repeated request answer as the first; kept 24 hours",
} as const;

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]]),
    requestId: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem document" });

/** Raised before any handler runs. */
const commonErrors: readonly ErrorCode[] = [
  "INVALID_INPUT",
  "UNAUTHENTICATED",
  "URI_TOO_LONG",
  "HEADERS_TOO_LARGE",
  "UNAVAILABLE",
];

const policyInWords = (policy: Policy): string =>
  policy === "any-key" ? "Any valid key may use it." : `Needs the permission \`${policy}\`.`;
const bodyErrors: readonly ErrorCode[] = ["TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];

/** Adds a contract to the OpenAPI document. */
export const registerContract = (registry: OpenAPIRegistry, contract: Contract): void => {
  const { body, headers = [], method, operationId, params, path, policy, query } = contract;
  const parameters = headers.map((name) => ({
    name,
    in: "header" as const,
    required: false,
    description: headerDescriptions[name],
    schema: { type: "string" as const },
  }));
  const config: RouteConfig = {
    method,
    path,
    operationId,
    tags: [contract.tag],
    summary: contract.summary,
    description: [contract.description, policyInWords(policy)].filter(Boolean).join("\n\n"),
    "x-required-permission": policy,
    parameters,
    request: {
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { query }),
      ...(body?.schema === undefined
        ? {}
        : {
            body: {
              required: body.optional !== true,
              content: Object.fromEntries(
                (body.types ?? ["json"]).map((type) => [
                  `application/${type}`,
                  { schema: body.schema, ...(type === "json" ? { example: body.example } : {}) },
                ]),
              ) as never,
            },
          }),
    },
    responses: { ...successes(contract), ...failures(contract) },
  };
  registry.registerPath(config);
};

const successes = (contract: Contract): Record<number, ResponseConfig> =>
  Object.fromEntries(
    Object.entries(contract.responses).map(([status, response]) => [
      status,
      {
        description: response.description,
        headers: Object.fromEntries(
          (response.headers ?? []).map((name) => [
            name,
            { description: headerDescriptions[name], schema: { type: "string" } },
          ]),
        ),
        ...(response.schema === undefined ? {} : { content: contentOf(response, response.schema) }),
      },
    ]),
  );

const contentOf = ({ example, type, yaml }: ContractResponse, schema: z.ZodType) => ({
  [type ?? "application/json"]: { schema, ...(example === undefined ? {} : { example }) },
  ...(yaml === true ? { "application/yaml": { schema } } : {}),
});

const failures = (contract: Contract): Record<number, ResponseConfig> => {
  const codes = new Set([
    ...commonErrors,
    ...(contract.policy === "any-key" ? [] : (["FORBIDDEN"] as const)),
    ...(contract.body === undefined ? [] : bodyErrors),
    ...contract.errors,
  ]);
  const byStatus = Map.groupBy(codes, (code) => catalogue[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, statusCodes]) => [
      status,
      {
        description: statusCodes.map((code) => `\`${code}\`: ${catalogue[code].title}`).join("; "),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
};
