import type { OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";

/** An OpenAPI 3.1 document as `generateDocument` makes it. */
export type OpenApiDocument = ReturnType<OpenApiGeneratorV31["generateDocument"]>;

type Components = NonNullable<OpenApiDocument["components"]>;
type PathItem = NonNullable<OpenApiDocument["paths"]>[string];
type Reference = Extract<NonNullable<Components["parameters"]>[string], { $ref: string }>;
type Component<Name extends "parameters" | "responses" | "requestBodies"> = Exclude<
  NonNullable<Components[Name]>[string],
  Reference
>;

export type Parameter = Component<"parameters">;
export type ResponseObject = Component<"responses">;
export type MediaType = Component<"requestBodies">["content"][string];
type Operation = NonNullable<PathItem["get"]>;

/** A JSON Schema or a reference to one, as far as the page shows it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly readOnly?: boolean;
  readonly writeOnly?: boolean;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

const methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace"] as const;
const untagged = "Other";

/** One operation with all that belongs to it. `anchor` is unique in the document. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly anchor: string;
  readonly operation: Operation;
  /** Those of the path too; what the operation says of the same one wins. */
  readonly parameters: readonly Parameter[];
}

/** A response by its status: `200`, `4XX`, `default`. */
export type StatusResponse = readonly [status: string, response: ResponseObject];

export interface TagGroup {
  readonly name: string;
  readonly anchor: string;
  readonly description: string | undefined;
  readonly routes: readonly Route[];
}

const isReference = (value: object): value is Reference =>
  "$ref" in value && typeof value.$ref === "string";

const own = <Value>(table: Readonly<Record<string, Value>> | undefined, name: string) =>
  table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;

/**
 * Follows references into one table of the document's components; undefined where they lead
 * nowhere, or round in a circle.
 */
export const dereference = <Value extends object>(
  table: Readonly<Record<string, Value | Reference>> | undefined,
  value: Value | Reference | undefined,
): Value | undefined => {
  const seen = new Set<string>();
  let place = value;
  while (place !== undefined && isReference(place)) {
    if (seen.has(place.$ref)) return undefined;
    seen.add(place.$ref);
    place = own(table, /^#\/components\/\w+\/([^/]+)$/.exec(place.$ref)?.[1] ?? "");
  }
  return place;
};

/** The name of the component schema that a `$ref` points to, if the document has it. */
export const schemaNameOf = (document: OpenApiDocument, reference: string): string | undefined => {
  const name = /^#\/components\/schemas\/([^/]+)$/.exec(reference)?.[1] ?? "";
  return own(document.components?.schemas, name) === undefined ? undefined : name;
};

/** As `dereference`, for schemas. */
export const resolveSchema = (document: OpenApiDocument, schema: Schema): Schema | undefined => {
  const seen = new Set<string>();
  let place: Schema | undefined = schema;
  while (place?.$ref !== undefined) {
    const name = schemaNameOf(document, place.$ref);
    if (name === undefined || seen.has(name)) return undefined;
    seen.add(name);
    place = own(document.components?.schemas, name);
  }
  return place;
};

const slugOf = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replaceAll(/^-+|-+$/g, "") || "root";

export const schemaAnchor = (name: string): string => `schema-${slugOf(name)}`;

const parametersOf = (
  document: OpenApiDocument,
  item: PathItem,
  operation: Operation,
): Parameter[] => {
  const byPlace = new Map<string, Parameter>();
  for (const declared of [...(item.parameters ?? []), ...(operation.parameters ?? [])]) {
    const parameter = dereference(document.components?.parameters, declared);
    if (parameter === undefined) continue;
    // A path has no place to leave one out, whatever a generator says of its schema.
    const required = parameter.in === "path" || parameter.required === true;
    byPlace.set(`${parameter.in} ${parameter.name}`, { ...parameter, required });
  }
  return [...byPlace.values()];
};

/** Gives `/a-b` and `/a/b` different anchors: the second becomes `a-b-2`. */
const uniqueNames = (): ((name: string) => string) => {
  const taken = new Set<string>();
  return (name) => {
    let candidate = name;
    for (let count = 2; taken.has(candidate); count += 1) candidate = `${name}-${count}`;
    taken.add(candidate);
    return candidate;
  };
};

const listRoutes = (document: OpenApiDocument): Route[] => {
  const unique = uniqueNames();
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) => {
    return methods.flatMap((name) => {
      const operation = item[name];
      if (operation === undefined) return [];
      const method = name.toUpperCase();
      const anchor = unique(`operation-${name}-${slugOf(path)}`);
      return [
        { method, path, anchor, operation, parameters: parametersOf(document, item, operation) },
      ];
    });
  });
};

/** The responses of an operation, with what they refer to. */
export const responsesOf = (document: OpenApiDocument, route: Route): StatusResponse[] => {
  const declared: Readonly<Record<string, ResponseObject | Reference>> =
    route.operation.responses ?? {};
  return Object.entries(declared).flatMap(([status, value]) => {
    const response = dereference(document.components?.responses, value);
    return response === undefined ? [] : [[status, response] as const];
  });
};

/** All operations, each under its first tag: the document's tags in their order, then others. */
export const groupByTag = (document: OpenApiDocument): TagGroup[] => {
  const declared = new Map((document.tags ?? []).map((tag) => [tag.name, tag.description]));
  const groups = new Map<string, Route[]>([...declared.keys()].map((name) => [name, []]));
  for (const route of listRoutes(document)) {
    const tag = route.operation.tags?.[0] ?? untagged;
    groups.set(tag, [...(groups.get(tag) ?? []), route]);
  }
  const unique = uniqueNames();
  return [...groups]
    .filter(([, routes]) => routes.length > 0)
    .map(([name, routes]) => ({
      name,
      anchor: unique(`tag-${slugOf(name)}`),
      description: declared.get(name),
      routes,
    }));
};
