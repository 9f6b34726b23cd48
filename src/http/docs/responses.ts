import { catalogue } from "../../errors.ts";
import { renderContent, renderSample } from "./body.ts";
import { errorCodesOf } from "./error-codes.ts";
import { bodyExamples } from "./example.ts";
import { type Markup, markup, renderInline, renderText } from "./markup.ts";
import {
  dereference,
  type OpenApiDocument,
  type ResponseObject,
  type Route,
  responsesOf,
  type StatusResponse,
} from "./openapi.ts";
import { typeLabel, unwrap } from "./schema-words.ts";

const reasons: Readonly<Record<string, string>> = {
  200: "OK",
  201: "Created",
  202: "Accepted",
  204: "No content",
  304: "Not modified",
};

const isError = ([status]: StatusResponse): boolean => /^[45]|^default$/.test(status);

/** The responses of an operation, errors apart from the others. */
export const listResponses = (
  document: OpenApiDocument,
  route: Route,
): { readonly answers: readonly StatusResponse[]; readonly errors: readonly StatusResponse[] } => {
  const all = responsesOf(document, route);
  return { answers: all.filter((item) => !isError(item)), errors: all.filter(isError) };
};

const renderHeaders = (document: OpenApiDocument, response: ResponseObject): Markup | undefined => {
  const headers = Object.entries(response.headers ?? {}).map(([name, declared]) => {
    const header = dereference(document.components?.headers, declared) ?? {};
    const schema = header.schema ?? {};
    const description = header.description ?? unwrap(schema).description;
    return markup`<li><code class="name">${name}</code> <span class="type">${typeLabel(document, schema)}</span>${
      description === undefined
        ? undefined
        : markup`<div class="about">${renderInline(description)}</div>`
    }</li>`;
  });
  return headers.length === 0
    ? undefined
    : markup`<p class="media">Headers</p><ul class="tree">${headers}</ul>`;
};

const renderAnswer = (
  document: OpenApiDocument,
  [status, response]: StatusResponse,
  extent: "full" | "type",
): Markup =>
  markup`<h5><span class="status">${status}</span> ${reasons[status]}</h5>${renderText(
    response.description,
  )}${renderHeaders(document, response)}${renderContent(document, response.content, extent)}`;

const schemasOf = ([, response]: StatusResponse): string =>
  JSON.stringify(Object.values(response.content ?? {}).map((media) => media.schema));

/** Every answer that is not an error: what it means, its headers and its schema. */
export const renderAnswers = (
  document: OpenApiDocument,
  answers: readonly StatusResponse[],
): Markup | undefined => {
  const shown = answers.map(schemasOf);
  const items = answers.map((answer, index) => {
    const repeats = shown.indexOf(schemasOf(answer)) < index;
    return renderAnswer(document, answer, repeats ? "type" : "full");
  });
  return items.length === 0 ? undefined : markup`<h4>Responses</h4>${items}`;
};

/** The examples of every answer that has a body. */
export const renderAnswerSamples = (
  document: OpenApiDocument,
  answers: readonly StatusResponse[],
): Markup | undefined => {
  const examples = answers.flatMap(([status, response]) =>
    Object.entries(response.content ?? {})
      .flatMap(([name, media]) => bodyExamples(document, name, media))
      .map((example) => ({ status, example })),
  );
  const samples = examples.map(({ status, example }, index) =>
    renderSample(
      [markup`<span class="status">${status}</span>`, example.mediaType, example.label],
      example.text,
      index === 0 ? "plain" : "closed",
    ),
  );
  return samples.length === 0 ? undefined : markup`<h4>Example responses</h4>${samples}`;
};

const renderError = (document: OpenApiDocument, [status, response]: StatusResponse): Markup => {
  const codes = errorCodesOf(document, status, response);
  const links = codes.map(
    (code) =>
      markup`<li><a href="/docs/errors/${code}"><code>${code}</code></a> ${catalogue[code].title}</li>`,
  );
  return markup`<li><span class="status error">${status}</span>${
    links.length === 0 ? markup` ${renderInline(response.description)}` : markup`<ul>${links}</ul>`
  }</li>`;
};

/** The errors that an operation can answer, each code with a link to its page. */
export const renderErrors = (
  document: OpenApiDocument,
  errors: readonly StatusResponse[],
): Markup | undefined =>
  errors.length === 0
    ? undefined
    : markup`<h4>Errors</h4><ul class="errors">${errors.map((error) => renderError(document, error))}</ul>`;
