import { z } from "zod";
import type { ApiRequest, Reply } from "./http-api.ts";

interface Content {
  readonly schema?: object;
  readonly example?: unknown;
}

interface DocumentedResponse {
  readonly description: string;
  readonly content?: Readonly<Record<string, Content>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, DocumentedResponse>>;
}

/** As much of an OpenAPI 3.1 document as the checks read. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** Headers that are there only where they have something to say. */
const seldom: ReadonlySet<string> = new Set(["Link", "Config-Stale"]);

export type ContractCheck = (request: ApiRequest, reply: Reply) => void;

/**
 * Holds every answer to the OpenAPI document: its status is documented for the operation, its body
 * fits the schema, the headers that are promised are there, and a problem is a whole problem document
 * with a code that the operation declares.
 */
export const createContractCheck = (document: OpenApiDocument): ContractCheck => {
  const schemaOf = compileSchemas(document);
  return (request, reply) => {
    const hasProblem = reply.status >= 400 && request.method !== "HEAD";
    const faults = hasProblem ? problemFaults(reply) : [];
    const operation = findOperation(document, request);
    if (operation !== undefined)
      faults.push(...operationFaults(operation, request, reply, schemaOf));
    if (faults.length === 0) return;
    const answer = `${reply.status} ${reply.text.slice(0, 500)}`;
    throw new Error(`${request.method} ${request.path} → ${answer}\n${faults.join("\n")}`);
  };
};

/** The operation that a request is for; none for a path or a method that is not documented. */
const findOperation = (
  { paths }: OpenApiDocument,
  { method, path }: ApiRequest,
): Operation | undefined => {
  const [pathname = ""] = path.split("?");
  const verb = method === "HEAD" ? "get" : method.toLowerCase();
  const matching = Object.entries(paths).filter(
    ([template, operations]) =>
      operations[verb] !== undefined &&
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname),
  );
  // A path without parameters is meant before one with them.
  const [first] = matching.toSorted(([a], [b]) => a.split("{").length - b.split("{").length);
  return first?.[1][verb];
};

const problemFaults = ({ body, headers, status }: Reply): string[] => {
  const parsed = problemShape.safeParse(body);
  if (headers.get("content-type") !== "application/problem+json" || !parsed.success) {
    return [`not a problem document: ${parsed.error?.message ?? headers.get("content-type")}`];
  }
  const problem = parsed.data;
  const faults: string[] = [];
  if (problem.status !== status) faults.push(`the problem says status ${problem.status}`);
  if (problem.requestId !== headers.get("x-request-id")) faults.push("requestId ≠ X-Request-Id");
  if (!problem.type.endsWith(`/docs/errors/${problem.code}`)) faults.push(`type ${problem.type}`);
  return faults;
};

const problemShape = z.looseObject({
  type: z.string(),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  code: z.string().regex(/^[A-Z]+(_[A-Z]+)*$/),
  requestId: z.string().min(1),
  errors: z
    .array(z.strictObject({ path: z.string(), message: z.string().min(1) }))
    .min(1)
    .optional(),
});

const operationFaults = (
  operation: Operation,
  { method }: ApiRequest,
  reply: Reply,
  schemaOf: SchemaOf,
): string[] => {
  const documented = operation.responses[String(reply.status)];
  if (documented === undefined) return [`status ${reply.status} is not documented`];
  const faults = Object.keys(documented.headers ?? {})
    .filter((name) => !seldom.has(name) && !reply.headers.has(name))
    .map((name) => `the documented header ${name} is missing`);
  if (method === "HEAD") return faults;
  const type = reply.headers.get("content-type")?.split(";")[0] ?? "";
  const content = documented.content?.[type];
  if (content === undefined) {
    if (type !== "" || documented.content !== undefined)
      faults.push(`type "${type}" is not documented`);
    return faults;
  }
  const { code } = (reply.body ?? {}) as { code?: string };
  if (type === "application/problem+json" && !documented.description.includes(`\`${code}\``)) {
    faults.push(`the code ${code} is not documented`);
  }
  if (type.endsWith("json") && content.schema !== undefined) {
    const schema = schemaOf(content.schema);
    for (const value of type.endsWith("x-ndjson") ? linesOf(reply) : [reply.body]) {
      const { error } = schema.safeParse(value);
      if (error !== undefined) faults.push(`the body breaks its schema: ${error.message}`);
    }
  }
  return faults;
};

/** The values of newline-delimited JSON. */
const linesOf = ({ text }: Reply): unknown[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

type SchemaOf = (schema: object) => z.ZodType;

/** A document's schemas as checks, with what they refer to in it; each is compiled once. */
export const compileSchemas = ({ components }: OpenApiDocument): SchemaOf => {
  const compiled = new Map<object, z.ZodType>();
  return (schema) => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const text = JSON.stringify({ ...schema, $defs: components.schemas });
    const local = text.replaceAll("#/components/schemas/", "#/$defs/");
    const made = z.fromJSONSchema(JSON.parse(local));
    compiled.set(schema, made);
    return made;
  };
};
