import { renderContent, renderSample } from "./body.ts";
import { sampleRequests } from "./curl.ts";
import { type Markup, markup, renderInline, renderText } from "./markup.ts";
import { dereference, type OpenApiDocument, type Route } from "./openapi.ts";
import { renderParameters } from "./parameters.ts";
import { listResponses, renderAnswerSamples, renderAnswers, renderErrors } from "./responses.ts";
import { renderSecurity } from "./security.ts";

export const renderMethod = (method: string): Markup =>
  markup`<span class="method ${method.toLowerCase()}">${method}</span>`;

// A place to break a long path after each slash, so that it never widens a phone's page.
const renderPath = (path: string): Markup =>
  markup`<code class="path">${path.split(/(?<=\/)/).map((part) => markup`${part}<wbr>`)}</code>`;

const renderHeading = ({ method, path, anchor, operation }: Route): Markup => {
  const deprecated = operation.deprecated === true;
  return markup`<h3 id="${anchor}"><a href="#${anchor}">${renderMethod(method)} ${renderPath(path)}</a>${
    deprecated ? markup` <span class="mark">deprecated</span>` : undefined
  }</h3>`;
};

const renderRequestBody = (document: OpenApiDocument, route: Route): Markup | undefined => {
  const body = dereference(document.components?.requestBodies, route.operation.requestBody);
  if (body === undefined) return undefined;
  const optional = body.required === true ? undefined : markup` <span class="mark">optional</span>`;
  return markup`<h4>Request body${optional}</h4>${renderText(body.description)}${renderContent(
    document,
    body.content,
  )}`;
};

const renderRequestSamples = (document: OpenApiDocument, route: Route): Markup =>
  markup`<h4>Example request</h4>${sampleRequests(document, route).map(({ body, command }, index) =>
    renderSample(["curl", body?.mediaType, body?.label], command, index === 0 ? "plain" : "closed"),
  )}`;

/** One operation: what it does and takes on one side, what to send and what comes on the other. */
export const renderOperation = (document: OpenApiDocument, route: Route): Markup => {
  const { summary, description } = route.operation;
  const { answers, errors } = listResponses(document, route);
  return markup`<article class="operation" aria-labelledby="${route.anchor}">
${renderHeading(route)}
${summary === undefined ? undefined : markup`<p class="summary">${renderInline(summary)}</p>`}
${renderText(description)}
${renderSecurity(document, route)}
${renderParameters(document, route.parameters)}
<div class="columns"><div class="shape">
${renderRequestBody(document, route)}
${renderAnswers(document, answers)}
${renderErrors(document, errors)}
</div><div class="samples">
${renderRequestSamples(document, route)}
${renderAnswerSamples(document, answers)}
</div></div>
</article>`;
};
