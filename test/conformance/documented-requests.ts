import type { OpenApiDocument, Operation } from "../helpers/contract-check.ts";
import type { Api, ApiRequest, HeadersOf } from "../helpers/http-api.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
}

interface Documented extends Operation {
  readonly "x-required-permission"?: unknown;
  readonly parameters?: readonly Parameter[];
}

/** An operation of the OpenAPI document, with what a request for it may hold. */
export interface DocumentedOperation {
  /** `PUT /v1/config/{key}`. */
  readonly name: string;
  readonly method: string;
  readonly template: string;
  readonly permission: unknown;
  readonly query: readonly Parameter[];
  /** The documented example of its body; undefined where it takes none. */
  readonly example: unknown;
}

/** What requests name in place of the names that the document's examples use. */
export interface RequestNames {
  readonly app: string;
  readonly environment: string;
  readonly key: string;
  readonly entryId: string;
  readonly keyId: string;
  readonly webhookId: string;
  readonly deliveryId: string;
  readonly role: string;
  readonly revision: number;
}

/** Every operation there is, by the server's own account. */
export const readOperations = async (api: Api): Promise<readonly DocumentedOperation[]> => {
  const { body } = await api.send<OpenApiDocument>({ method: "GET", path: "/openapi.json" });
  return Object.entries(body.paths).flatMap(([template, operations]) =>
    Object.entries(operations as Readonly<Record<string, Documented>>).map(
      ([verb, { parameters = [], requestBody, ...operation }]) => ({
        name: `${verb.toUpperCase()} ${template}`,
        method: verb.toUpperCase(),
        template,
        permission: operation["x-required-permission"],
        query: parameters.filter((parameter) => parameter.in === "query"),
        example: requestBody?.content["application/json"]?.example,
      }),
    ),
  );
};

const pathValue = (template: string, parameter: string, names: RequestNames): string => {
  const values: Readonly<Record<string, string>> = {
    key: names.key,
    service: names.app,
    revision: String(names.revision),
    name: names.role,
    jobSpecId: names.entryId,
    deliveryId: names.deliveryId,
    id: idOf(template, names),
  };
  return values[parameter] ?? "some-name";
};

const idOf = (template: string, { entryId, keyId, webhookId }: RequestNames): string => {
  if (template.includes("/api-keys/")) return keyId;
  return template.includes("/webhooks/") ? webhookId : entryId;
};

export const pathOf = (template: string, names: RequestNames): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, parameter: string) =>
    pathValue(template, parameter, names),
  );

/** Parameters that only make sense together are sent together. */
const queriesOf = (names: RequestNames): readonly Readonly<Record<string, string>>[] => {
  const { app, environment, key } = names;
  const revision = String(names.revision);
  const before = String(names.revision - 1);
  const scope = { app, app_id: app, environment, kind: "config", key };
  return [
    {},
    { app, app_id: app },
    scope,
    { ...scope, explain: "true", prefix: key.slice(0, 3) },
    { ...scope, at: revision, limit: "1" },
    { from: before, to: revision },
    { from: before, to: revision, ...scope },
    { app, fromEnvironment: environment, toEnvironment: "development" },
    { app, fromEnvironment: "development", toEnvironment: environment, at: revision },
    { revision, after: before },
    { after: before, ...scope },
    { state: "all", replace: "true", allowLargeChange: "true", environment },
  ];
};

const exampleAs = (example: unknown, { app, environment, key, revision }: RequestNames): string =>
  JSON.stringify(example)
    .replaceAll(/"(toRevision|version)":\d+/g, `"$1":${revision}`)
    .replaceAll("payments", app)
    .replaceAll("production", environment)
    .replaceAll("db.pool.size", key);

/** The plain request for an operation, as its documentation suggests. */
export const plainRequest = (
  operation: DocumentedOperation,
  names: RequestNames,
  headers: HeadersOf = {},
): ApiRequest => {
  const { example, method, query, template } = operation;
  const known = queriesOf(names).findLast((values) => isComplete(operation, values)) ?? {};
  const required = query.filter((parameter) => parameter.required === true);
  const values = required.map(({ name }) => `${name}=${encodeURIComponent(known[name] ?? "x")}`);
  const path = [pathOf(template, names), values.join("&")].filter(Boolean).join("?");
  if (example === undefined) return { method, path, headers };
  return {
    method,
    path,
    headers: { "content-type": "application/json", ...headers },
    body: exampleAs(example, names),
  };
};

const isComplete = ({ query }: DocumentedOperation, values: object): boolean =>
  query.every(({ name, required }) => required !== true || Object.hasOwn(values, name));

/** The plain request, and those with the optional parameters that name something. */
export const everyRequest = (
  operation: DocumentedOperation,
  names: RequestNames,
  headers: HeadersOf = {},
): readonly ApiRequest[] => {
  const plain = plainRequest(operation, names, headers);
  const declared = new Set(operation.query.map(({ name }) => name));
  const paths = queriesOf(names)
    .filter((values) => isComplete(operation, values))
    .map((values) => {
      const given = Object.entries(values).filter(([name]) => declared.has(name));
      const query = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      return [pathOf(operation.template, names), query.join("&")].filter(Boolean).join("?");
    });
  return [...new Set([plain.path, ...paths])].map((path) => ({ ...plain, path }));
};
