import { type BodyExample, bodyExamples, exampleOf } from "./example.ts";
import { formatJson } from "./json-text.ts";
import {
  dereference,
  type OpenApiDocument,
  type Parameter,
  type Route,
  resolveSchema,
  responsesOf,
} from "./openapi.ts";
import { schemeNamed } from "./security.ts";

const defaultServer = "http://127.0.0.1:8787";

/** The shell variable that the commands take the caller's key from. */
export const keyVariable = "API_KEY";

export interface SampleRequest {
  /** The body that is sent; undefined for a request without one. */
  readonly body: BodyExample | undefined;
  readonly command: string;
}

/** Quotes for any POSIX shell, whatever the text holds. */
const quote = (text: string): string =>
  /^[A-Za-z0-9_./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Base address of the commands: the first server of the document, if it is absolute. */
export const serverOf = (document: OpenApiDocument): string => {
  const url = document.servers?.[0]?.url ?? "";
  return (/^https?:\/\//.test(url) ? url : defaultServer).replace(/\/+$/, "");
};

const asText = (value: unknown): string =>
  typeof value === "string" ? value : formatJson(value).replaceAll("\n", " ");

const declaredExample = (document: OpenApiDocument, parameter: Parameter): unknown => {
  const [first] = Object.values(parameter.examples ?? {});
  return parameter.example ?? dereference(document.components?.examples, first)?.value;
};

const valueOf = (document: OpenApiDocument, parameter: Parameter): unknown =>
  declaredExample(document, parameter) ??
  (parameter.schema === undefined ? undefined : exampleOf(document, parameter.schema)) ??
  parameter.name;

const isScope = (document: OpenApiDocument, { name, schema = {} }: Parameter): boolean =>
  ["app", "environment"].includes(name) && resolveSchema(document, schema)?.example !== undefined;

// Of the optional parameters only the scope, and those with an example of their own rather than of
// their schema: all of them at once would clash.
const sent = (document: OpenApiDocument, route: Route, place: Parameter["in"]): Parameter[] =>
  route.parameters.filter(
    (parameter) =>
      parameter.in === place &&
      (parameter.required === true ||
        declaredExample(document, parameter) !== undefined ||
        isScope(document, parameter)),
  );

const urlOf = (document: OpenApiDocument, route: Route): string => {
  let path = route.path;
  for (const parameter of sent(document, route, "path")) {
    const value = encodeURIComponent(asText(valueOf(document, parameter)));
    path = path.replaceAll(`{${parameter.name}}`, () => value);
  }
  const query = sent(document, route, "query").flatMap((parameter) =>
    [valueOf(document, parameter)]
      .flat()
      .map((value) => `${encodeURIComponent(parameter.name)}=${encodeURIComponent(asText(value))}`),
  );
  return `${serverOf(document)}${path}${query.length === 0 ? "" : `?${query.join("&")}`}`;
};

const credentialOption = (document: OpenApiDocument, route: Route): string[] => {
  const [first] = route.operation.security ?? document.security ?? [];
  return Object.keys(first ?? {}).flatMap((name) => {
    const scheme = schemeNamed(document, name);
    if (scheme?.type === "apiKey" && scheme.in === "header") {
      return [`-H "${scheme.name}: $${keyVariable}"`];
    }
    return scheme?.type === "apiKey" ? [] : [`-H "Authorization: Bearer $${keyVariable}"`];
  });
};

const methodOption = (route: Route, body: BodyExample | undefined): string[] => {
  if (route.method === "HEAD") return ["--head"];
  const implied = body === undefined ? "GET" : "POST";
  return route.method === implied ? [] : [`-X ${route.method}`];
};

// Without -N, curl holds back what a stream sends until its buffer is full.
const streamOption = (document: OpenApiDocument, route: Route): string[] =>
  responsesOf(document, route).some(
    ([, { content }]) => content?.["text/event-stream"] !== undefined,
  )
    ? ["-N"]
    : [];

const commandFor = (
  document: OpenApiDocument,
  route: Route,
  body: BodyExample | undefined,
): string => {
  const headers = sent(document, route, "header").map(
    (parameter) => `-H ${quote(`${parameter.name}: ${asText(valueOf(document, parameter))}`)}`,
  );
  const start = ["curl", ...streamOption(document, route), ...methodOption(route, body)].join(" ");
  return [
    `${start} ${quote(urlOf(document, route))}`,
    ...credentialOption(document, route),
    ...headers,
    ...(body === undefined
      ? []
      : [`-H ${quote(`Content-Type: ${body.mediaType}`)}`, `--data-raw ${quote(body.text)}`]),
  ].join(" \\\n  ");
};

/** Commands that can be pasted into a shell: one for each example of a body, else one without. */
export const sampleRequests = (document: OpenApiDocument, route: Route): SampleRequest[] => {
  const requestBody = dereference(document.components?.requestBodies, route.operation.requestBody);
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([mediaType, media]) =>
    bodyExamples(document, mediaType, media),
  );
  return (bodies.length === 0 ? [undefined] : bodies).map((body) => ({
    body,
    command: commandFor(document, route, body),
  }));
};
