import { createHash } from "node:crypto";
import type { Context } from "hono";
import type { Ctx } from "../context.ts";
import { invalidInput, Problem } from "../errors.ts";
import { decodeText } from "../platform/documents/decode-text.ts";
import { parseJson } from "../platform/documents/parse-json.ts";
import { parseYaml } from "../platform/documents/parse-yaml.ts";
import type { Json } from "../platform/json.ts";
import { parseShape } from "./parse-parameters.ts";
import { readBody } from "./read-body.ts";
import type { Contract } from "./route.ts";
import { withScopeDefaults } from "./scope-defaults.ts";

export type BodyType = "json" | "yaml";

const yamlTypes = new Set(["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"]);

/** What a body may hold around a value: a change set's own nesting. */
const wrapperDepth = 8;
const maxNodes = 2_000_000;
/** YAML costs tens of times as much to read; this is 25 values for each operation that may be sent. */
const maxYamlNodes = 250_000;

/**
 * The body as the contract declares it, and the context with what its `Idempotency-Key` binds.
 *
 * @throws Problem `INVALID_INPUT`, `TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`
 */
export const parseBody = async (
  contract: Contract,
  c: Context,
  ctx: Ctx,
): Promise<{ body: undefined; ctx: Ctx }> => {
  const { body } = contract;
  const { raw } = c.req;
  if (body === undefined) return { body: undefined, ctx: bindIdempotency(contract, raw, ctx) };
  const type = bodyType(raw.headers, body.types ?? ["json"]);
  const bytes = await readBody(raw, ctx.settings.maxBodyBytes);
  const text = decodeText(bytes);
  const maxDepth = ctx.settings.maxValueDepth + wrapperDepth;
  const value =
    type === "json"
      ? parseJson(text, { maxDepth, maxNodes })
      : onlyDocument(parseYaml(text, { maxDepth, maxNodes: maxYamlNodes }));
  const { schema } = body;
  const parsed =
    schema === undefined ? value : withScopeDefaults(ctx.defaults, () => parseShape(schema, value));
  return { body: parsed as undefined, ctx: bindIdempotency(contract, raw, ctx, text) };
};

const onlyDocument = (documents: readonly Json[]): Json => {
  const [document] = documents;
  if (document !== undefined && documents.length === 1) return document;
  throw invalidInput("", `has ${documents.length} YAML documents; this route takes one`);
};

const bodyType = (headers: Headers, accepted: readonly BodyType[]): BodyType => {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity") {
    throw unsupported(`Content-Encoding ${encoding} is not read here; send the body as it is.`);
  }
  const [type = "", ...parameters] = (headers.get("content-type") ?? "").toLowerCase().split(";");
  const charset = parameters.find((parameter) => parameter.trim().startsWith("charset="));
  if (charset !== undefined && !/charset="?utf-?8"?$/.test(charset.trim())) {
    throw unsupported("The body must be UTF-8.");
  }
  const name = type.trim();
  if (name === "application/json" || /^application\/[\w.-]+\+json$/.test(name)) return "json";
  if (yamlTypes.has(name) && accepted.includes("yaml")) return "yaml";
  const wanted = accepted.map((candidate) => `application/${candidate}`).join(" or ");
  const got = name === "" ? "there is no Content-Type" : `Content-Type ${name} is not read here`;
  throw unsupported(`${got}; send ${wanted}.`);
};

const unsupported = (detail: string): Problem => new Problem("UNSUPPORTED_MEDIA_TYPE", detail);

const bindIdempotency = (contract: Contract, request: Request, ctx: Ctx, text = ""): Ctx => {
  const key = request.headers.get("idempotency-key");
  if (key === null || contract.method !== "post") return ctx;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw invalidInput("Idempotency-Key", "must be 1 to 255 printable ASCII characters");
  }
  // What the path and the query name is part of the request as much as its body.
  const { pathname, search } = new URL(request.url);
  const hash = createHash("sha256").update(`${pathname}${search}\n${text}`).digest("hex");
  const idempotency = { route: contract.operationId, key, requestHash: hash };
  return { ...ctx, request: { ...ctx.request, idempotency } };
};
